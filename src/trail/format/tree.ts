import {nodeHash, sha256} from './digest.ts'

/** The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1 over leaf hashes. Hashes are lower-case hex strings. */
export const EMPTY_ROOT = sha256('')

/** The roots of the perfect subtrees of a growing tree: all that is needed to go on and to know the root. */
export class Frontier {
  #size = 0
  /** `#roots[h]` is the root of the perfect subtree of 2^h leaves, where bit h of the size is set. */
  #roots: (string | undefined)[] = []

  get size(): number {
    return this.#size
  }

  add(leaf: string): void {
    let node = leaf
    let height = 0
    for (; this.#roots[height] !== undefined; height++) {
      node = nodeHash(this.#roots[height]!, node)
      this.#roots[height] = undefined
    }
    this.#roots[height] = node
    this.#size++
  }

  /** The roots, smallest subtree first; null where the size has no such bit. */
  roots(): (string | null)[] {
    return this.#roots.map((root) => root ?? null)
  }

  /** A frontier from its `roots()`. What it says is worth no more than where they came from. */
  static of(size: number, roots: readonly (string | null)[]): Frontier {
    const frontier = new Frontier()
    frontier.#size = size
    frontier.#roots = roots.map((root) => root ?? undefined)
    return frontier
  }

  root(): string {
    let node: string | undefined
    for (const left of this.#roots) if (left !== undefined) node = node === undefined ? left : nodeHash(left, node)
    return node ?? EMPTY_ROOT
  }
}

/** Checks an inclusion proof (RFC 9162, 2.1.3.2): true when `leaf` is leaf `index` of the tree of that size and root. */
export function verifyInclusion(leaf: string, index: number, size: number, root: string, path: readonly string[]): boolean {
  if (!isIndex(index) || !isIndex(size) || index >= size) return false
  let [fn, sn] = [index, size - 1]
  let node = leaf
  for (const p of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(p, node)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      node = nodeHash(node, p)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && node === root
}

/** How many hashes an inclusion proof has; index below size. */
export function pathLength(index: number, size: number): number {
  let length = 0
  for (let [fn, sn] = [index, size - 1]; sn > 0; [fn, sn] = [half(fn), half(sn)]) if (fn % 2 === 1 || fn < sn) length++
  return length
}

/** Checks a consistency proof (RFC 9162, 2.1.4.2) between two trees; equal sizes need equal roots and no path. */
export function verifyConsistency(from: number, fromRoot: string, size: number, root: string, path: readonly string[]): boolean {
  if (!isIndex(from) || !isIndex(size) || from > size) return false
  if (from === size) return path.length === 0 && fromRoot === root
  if (from === 0) return path.length === 0 && fromRoot === EMPTY_ROOT
  const nodes = Number.isInteger(Math.log2(from)) ? [fromRoot, ...path] : [...path]
  const first = nodes.shift()
  if (first === undefined) return false
  let [fn, sn] = [from - 1, size - 1]
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  let [older, newer] = [first, first]
  for (const c of nodes) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      older = nodeHash(c, older)
      newer = nodeHash(c, newer)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      newer = nodeHash(newer, c)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && older === fromRoot && newer === root
}

function isIndex(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}

// Not a shift: sizes may pass 2^31.
function half(n: number): number {
  return Math.floor(n / 2)
}
