import {base64Of, bytesOfHex, hexOf, strictBase64} from './bytes.ts'
import type {TreeHead} from './checkpoint.ts'
import {verifyConsistency} from './tree.ts'
import type {Report} from './verify-input.ts'

/** A tree of 2^53 records has paths of twice 53 hashes at most. */
const MAX_PATH = 106
const MAX_LINES = 10_000

/**
 * `slice.consistency`: for older sizes of the log the proof that the checkpoint of the slice extends that state, one line
 * each: the size, then the path (RFC 9162, 2.1.4), b64, separated by one blank.
 */
export class OlderStates {
  readonly #paths = new Map<number, readonly string[]>()
  readonly #head: TreeHead

  constructor(text: string, head: TreeHead, report: Report) {
    this.#head = head
    if (text === '') return
    const bad = (detail: string) => report('failed', 'malformed consistency proof', detail)
    if (!text.endsWith('\n')) bad('slice.consistency does not end with a line end')
    for (const [i, line] of text.replace(/\n$/, '').split('\n').slice(0, MAX_LINES).entries()) {
      const [digits = '', ...path64] = line.split(' ')
      const path = path64.slice(0, MAX_PATH).map((hash) => strictBase64(hash))
      if (!/^[1-9]\d{0,15}$/.test(digits) || path.some((hash) => hash?.length !== 32) || path64.length > MAX_PATH)
        bad(`line ${i + 1} of slice.consistency`)
      else
        this.#paths.set(
          Number(digits),
          path.map((hash) => hexOf(hash!)),
        )
    }
  }

  /** Was this a state of the same log? Undefined when nothing here can say so. */
  includes({origin, size, root}: TreeHead): boolean | undefined {
    if (origin !== this.#head.origin) return false
    if (size === this.#head.size) return root === this.#head.root
    const path = this.#paths.get(size)
    return path && verifyConsistency(size, root, this.#head.size, this.#head.root, path)
  }
}

/** The lines of `slice.consistency`. @param pathOf proof from an older size, hex */
export function consistencyLines(sizes: readonly number[], pathOf: (older: number) => readonly string[]): string {
  return sizes.map((size) => `${[size, ...pathOf(size).map((hash) => base64Of(bytesOfHex(hash)))].join(' ')}\n`).join('')
}
