import path from 'node:path'

import {StanchError} from '../errors.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {Runbook} from '../runbooks/runbook.ts'

/** Folder of the shipped runbooks, beside dist/. */
export function shippedFolder(root: string): string {
  return path.join(root, 'runbooks')
}

/** The runbook for a leak: a shipped id, a path that contains a slash, or by default the one named after the kind. */
export async function runbookFor(root: string, leak: LeakKind, ref?: string): Promise<Runbook> {
  const {loadRunbook} = await import('../runbooks/load.ts')
  const runbook = await loadRunbook(ref ?? leak, shippedFolder(root))
  if (runbook.leak !== leak) {
    throw new StanchError('runbook.invalid', `The runbook ${runbook.id} is for ${runbook.leak}, not for ${leak}.`, {
      hint: 'Pick another one: stanch runbook list',
    })
  }
  return runbook
}
