import {nodeHash} from './digest.ts'
import {EMPTY_ROOT} from './tree.ts'

const HASH = 32
const FIRST_ROOM = 1024

/**
 * A tree that keeps the roots of all its perfect subtrees: 64 bytes for each leaf. For whoever makes many proofs; who
 * only needs the root keeps a `Frontier`.
 */
export class HashLevels {
  /** `#levels[h]` holds the roots of the perfect subtrees of 2^h leaves, one after the other. */
  readonly #levels: {bytes: Buffer; count: number}[] = []

  get size(): number {
    return this.#levels[0]?.count ?? 0
  }

  add(leaf: string): void {
    let node = leaf
    for (let height = 0; ; height++) {
      const index = this.#push(height, node)
      if (index % 2 === 0) return
      node = nodeHash(this.at(height, index - 1), node)
    }
  }

  #push(height: number, node: string): number {
    const level = (this.#levels[height] ??= {bytes: Buffer.alloc(FIRST_ROOM * HASH), count: 0})
    if ((level.count + 1) * HASH > level.bytes.length)
      level.bytes = Buffer.concat([level.bytes, Buffer.alloc(level.bytes.length)])
    level.bytes.write(node, level.count * HASH, 'hex')
    return level.count++
  }

  /** Root of the perfect subtree `index` of 2^height leaves, hex. */
  at(height: number, index: number): string {
    return this.#levels[height]!.bytes.toString('hex', index * HASH, (index + 1) * HASH)
  }

  /** Root of the tree of the first `size` leaves. */
  root(size: number): string {
    return size === 0 ? EMPTY_ROOT : this.#range(0, size)
  }

  /** Inclusion proof of leaf `index` in the tree of `size`, leaf side first (RFC 9162, 2.1.3.1); index < size. */
  inclusion(index: number, size: number): string[] {
    return this.#path(index, 0, size)
  }

  #path(index: number, from: number, to: number): string[] {
    if (to - from < 2) return []
    const middle = from + split(to - from)
    return index < middle
      ? [...this.#path(index, from, middle), this.#range(middle, to)]
      : [...this.#path(index, middle, to), this.#range(from, middle)]
  }

  /** Proof that the tree of `size` extends the one of `older` (RFC 9162, 2.1.4.1); empty for equal sizes and for `older` 0. */
  consistency(older: number, size: number): string[] {
    return older === 0 ? [] : this.#subproof(older, 0, size, true)
  }

  #subproof(older: number, from: number, to: number, whole: boolean): string[] {
    if (older === to) return whole ? [] : [this.#range(from, to)]
    const middle = from + split(to - from)
    return older <= middle
      ? [...this.#subproof(older, from, middle, whole), this.#range(middle, to)]
      : [...this.#subproof(older, middle, to, false), this.#range(from, middle)]
  }

  /** Root over the leaves `from` to `to`, where `from` is a multiple of the largest power of two that fits. */
  #range(from: number, to: number): string {
    const width = to - from
    const height = Math.log2(width)
    if (Number.isInteger(height)) return this.at(height, from / width)
    const middle = from + split(width)
    return nodeHash(this.#range(from, middle), this.#range(middle, to))
  }
}

/** Largest power of two below `n`; `n` at least 2. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
