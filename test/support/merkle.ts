import {Frontier} from '../../src/trail/format/tree.ts'

/*
 * Roots and proofs of small trees straight from the definitions of RFC 9162, over a list of all leaf hashes: what the
 * program's own `HashLevels` and its verifiers are held against.
 */

/** Root of the tree over these leaf hashes. */
export function rootOf(leaves: readonly string[]): string {
  const frontier = new Frontier()
  for (const leaf of leaves) frontier.add(leaf)
  return frontier.root()
}

/** Largest power of two below `n`; `n` at least 2. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** Inclusion proof of leaf `index` in the tree over `leaves`, leaf side first (RFC 9162, 2.1.3.1). */
export function inclusionProof(leaves: readonly string[], index: number): string[] {
  if (leaves.length < 2) return []
  const k = split(leaves.length)
  return index < k
    ? [...inclusionProof(leaves.slice(0, k), index), rootOf(leaves.slice(k))]
    : [...inclusionProof(leaves.slice(k), index - k), rootOf(leaves.slice(0, k))]
}

/** Proof that the tree over `leaves` extends the one of its first `from` leaves (RFC 9162, 2.1.4.1); 0 < from < size. */
export function consistencyProof(leaves: readonly string[], from: number): string[] {
  return subproof(leaves, from, true)
}

function subproof(leaves: readonly string[], from: number, whole: boolean): string[] {
  if (from === leaves.length) return whole ? [] : [rootOf(leaves)]
  const k = split(leaves.length)
  return from <= k
    ? [...subproof(leaves.slice(0, k), from, whole), rootOf(leaves.slice(k))]
    : [...subproof(leaves.slice(k), from - k, false), rootOf(leaves.slice(0, k))]
}
