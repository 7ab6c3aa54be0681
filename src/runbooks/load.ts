import {join} from 'node:path'

import {StanchError} from '../errors.ts'
import {listFolder, readBounded} from '../files/read.ts'
import {quoted} from '../untrusted.ts'
import {lintRunbook} from './lint.ts'
import {parseRunbook} from './parse.ts'
import {MAX_RUNBOOK_BYTES, RUNBOOK_ID} from './runbook.ts'
import type {Runbook, RunbookProblem} from './runbook.ts'

/**
 * Loads a runbook by the id of a shipped one, or from a path that contains a slash. A bare name never means a file of
 * the working directory: there, somebody else may have put one.
 *
 * @param shipped folder of the shipped runbooks
 * @throws {StanchError} `usage.invalid` for an id that is not shipped; `input.unreadable`, `input.too_large`;
 * `runbook.invalid` with the line
 */
export async function loadRunbook(ref: string, shipped: string): Promise<Runbook> {
  const text = readRunbookText(ref, shipped)
  const runbook = await parseRunbook(text, ref)
  if (!isPath(ref) && runbook.id !== ref) {
    throw new StanchError('runbook.invalid', `The shipped runbook ${quoted(ref)} calls itself ${runbook.id}.`)
  }
  return runbook
}

/** All problems of a runbook file, by line; empty when it may be used. Same references and errors as `loadRunbook`. */
export function lintRunbookFile(ref: string, shipped: string): Promise<RunbookProblem[]> {
  return lintRunbook(readRunbookText(ref, shipped), isPath(ref) ? undefined : ref)
}

/** Ids of the shipped runbooks, sorted. */
export function shippedRunbooks(shipped: string): string[] {
  return listFolder(shipped)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -3))
    .filter((name) => RUNBOOK_ID.test(name))
    .sort()
}

function readRunbookText(ref: string, shipped: string): string {
  if (!isPath(ref) && !shippedRunbooks(shipped).includes(ref)) {
    throw new StanchError('usage.invalid', `There is no shipped runbook ${quoted(ref)}.`, {
      hint: `Shipped: ${shippedRunbooks(shipped).join(', ') || 'none'}. For a file of yours give a path with a slash: ./${ref.replace(/[^\w.-]/g, '')}`,
    })
  }
  const bytes = readBounded(isPath(ref) ? ref : join(shipped, `${ref}.md`), MAX_RUNBOOK_BYTES)
  try {
    // ignoreBOM keeps a byte order mark in the text, where the format refuses it: the hash is over the bytes
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
  } catch (error) {
    throw new StanchError('runbook.invalid', `${quoted(ref)} is not UTF-8 text.`, {cause: error})
  }
}

function isPath(ref: string): boolean {
  return /[\\/]/.test(ref)
}
