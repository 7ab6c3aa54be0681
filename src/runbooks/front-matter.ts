import type {Node} from 'yaml'

import {printable} from '../untrusted.ts'
import type {RunbookProblem} from './runbook.ts'

/** YAML reduced to what a runbook needs: text, whole numbers, true and false, lists and maps, each with its line. */
export type Tree =
  | {readonly kind: 'scalar'; readonly value: string | number | boolean; readonly line: number}
  | {readonly kind: 'list'; readonly items: readonly Tree[]; readonly line: number}
  | {readonly kind: 'map'; readonly members: ReadonlyMap<string, Tree>; readonly line: number}

/** Largest front matter, characters: the shipped ones have about 2,000. */
const MAX_CHARS = 64 * 1024
const MAX_DEPTH = 6
/** Keys that reach into JavaScript's objects; `<<` merges maps in older YAML. */
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype', '<<']

/**
 * Reads front matter strictly. A runbook decides what is done to a tenant, so a reviewer must be able to see what it
 * says: no anchors and aliases, no tags, no merge keys, no duplicate keys, no second document, no unwritten values.
 *
 * @param firstLine line of the file on which `text` begins, from 1
 */
export async function readFrontMatter(text: string, firstLine: number): Promise<{tree?: Tree; problems: RunbookProblem[]}> {
  if (text.length > MAX_CHARS)
    return {problems: [{line: firstLine, message: `The front matter is longer than ${MAX_CHARS} characters.`}]}
  const yaml = await import('yaml')
  const problems: RunbookProblem[] = []
  const lines = new yaml.LineCounter()
  const lineAt = (offset: number) => lines.linePos(offset).line + firstLine - 1
  const lineOf = (node: Node | null | undefined, fallback: number) => (node?.range ? lineAt(node.range[0]) : fallback)

  let document
  try {
    document = yaml.parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
      // with 'silent' a second document would be dropped without an error
      logLevel: 'error',
      lineCounter: lines,
    })
  } catch (error) {
    // the parser recurses: only its stack can run out here
    if (error instanceof RangeError) return {problems: [{line: firstLine, message: 'The front matter is nested too deeply.'}]}
    throw error
  }
  for (const fault of [...document.errors, ...document.warnings]) {
    problems.push({line: lineAt(fault.pos[0]), message: `Not valid YAML: ${printable(fault.message)}`})
  }
  if (problems.length > 0) return {problems}

  const convert = (node: Node | null | undefined, depth: number, fallback: number): Tree | undefined => {
    const line = lineOf(node, fallback)
    const refuse = (message: string): undefined => void problems.push({line, message})
    if (depth > MAX_DEPTH) return refuse(`Nested deeper than ${MAX_DEPTH} levels.`)
    if (yaml.isAlias(node)) return refuse('Aliases (*name) are not allowed in a runbook: write the value out.')
    if (yaml.isNode(node) && 'anchor' in node && node.anchor) return refuse('Anchors (&name) are not allowed in a runbook.')
    if (yaml.isNode(node) && node.tag) return refuse('Tags (!name) are not allowed in a runbook.')
    if (yaml.isSeq(node)) {
      const items = node.items.map((item) => convert(item as Node, depth + 1, line))
      return {kind: 'list', items: items.filter((item) => item !== undefined), line}
    }
    if (yaml.isMap(node)) {
      const members = new Map<string, Tree>()
      for (const {key, value} of node.items) {
        const keyNode = key as Node
        const at = lineOf(keyNode, line)
        if (!yaml.isScalar(keyNode) || typeof keyNode.value !== 'string' || keyNode.anchor || keyNode.tag) {
          problems.push({line: at, message: 'A key must be plain text.'})
        } else if (FORBIDDEN_KEYS.includes(keyNode.value)) {
          problems.push({line: at, message: `The key ${printable(keyNode.value)} is not allowed.`})
        } else {
          const member = convert(value as Node | null, depth + 1, at)
          if (member) members.set(keyNode.value, member)
        }
      }
      return {kind: 'map', members, line}
    }
    if (!yaml.isScalar(node)) return refuse('A value is missing.')
    const {value, source} = node
    if (typeof value === 'string' || typeof value === 'boolean') return {kind: 'scalar', value, line}
    // 0x1f, 1e3 and 1.0 are numbers to YAML and puzzles to a reader
    if (typeof value === 'number' && /^-?(0|[1-9]\d{0,8})$/.test(source ?? '')) return {kind: 'scalar', value, line}
    return refuse(value === null ? 'A value is missing.' : 'A number must be written as a whole decimal number.')
  }
  const tree = convert(document.contents, 0, firstLine)
  return tree && problems.length === 0 ? {tree, problems} : {problems}
}
