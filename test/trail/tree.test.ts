import {equal, ok} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {test} from 'node:test'

import {nodeHash} from '../../src/trail/format/digest.ts'
import {Frontier, verifyConsistency, verifyInclusion} from '../../src/trail/format/tree.ts'
import {consistencyProof, inclusionProof, rootOf} from '../support/merkle.ts'

const leaves = Array.from({length: 130}, (_, i) => hash('sha256', `\0leaf ${i}`, 'hex'))
const roots = Array.from({length: leaves.length + 1}, (_, n) => rootOf(leaves.slice(0, n)))

/** RFC 9162, 2.1.1, word for word. */
function definition(of: readonly string[]): string {
  if (of.length === 0) return hash('sha256', '', 'hex')
  if (of.length === 1) return of[0]!
  let k = 1
  while (k * 2 < of.length) k *= 2
  return nodeHash(definition(of.slice(0, k)), definition(of.slice(k)))
}

test('the frontier gives the root of the recursive definition for every size up to 130', () => {
  const frontier = new Frontier()
  for (let n = 0; n <= leaves.length; n++) {
    equal(frontier.root(), definition(leaves.slice(0, n)))
    equal(frontier.size, n)
    if (n < leaves.length) frontier.add(leaves[n]!)
  }
})

test('every inclusion proof verifies, and only for its own leaf, index, size and path', () => {
  for (const size of [1, 2, 3, 4, 7, 8, 9, 31, 64, 65, 100]) {
    for (let index = 0; index < size; index++) {
      const path = inclusionProof(leaves.slice(0, size), index)
      const check = (leaf: number, i: number, n: number, p: readonly string[]) =>
        verifyInclusion(leaves[leaf]!, i, n, roots[size]!, p)
      ok(check(index, index, size, path))
      equal(check(index + 1, index, size, path), false)
      equal(check(index, index + 1, size, path), false)
      equal(check(index, size, size, path), false)
      equal(check(index, -1, size, path), false)
      equal(check(index, index, size, [...path, leaves[0]!]), false)
      if (path.length > 0) equal(check(index, index, size, path.slice(1)), false)
      if (path.length > 0) equal(check(index, index, size, path.slice(0, -1)), false)
    }
  }
})

test('every consistency proof verifies, and only between its own trees', () => {
  for (const size of [2, 3, 5, 8, 9, 33, 64, 100, 130]) {
    for (let from = 1; from < size; from++) {
      const path = consistencyProof(leaves.slice(0, size), from)
      ok(verifyConsistency(from, roots[from]!, size, roots[size]!, path), `${from} to ${size}`)
      equal(verifyConsistency(from, roots[from - 1]!, size, roots[size]!, path), false)
      equal(verifyConsistency(from, roots[from]!, size, roots[size - 1]!, path), false)
      equal(verifyConsistency(from, roots[from]!, size, roots[size]!, [...path, leaves[0]!]), false)
      equal(verifyConsistency(from, roots[from]!, size, roots[size]!, path.slice(1)), false)
      equal(verifyConsistency(size, roots[from]!, from, roots[size]!, path), false)
    }
  }
  ok(verifyConsistency(0, roots[0]!, 9, roots[9]!, []))
  ok(verifyConsistency(9, roots[9]!, 9, roots[9]!, []))
  equal(verifyConsistency(9, roots[8]!, 9, roots[9]!, []), false)
})
