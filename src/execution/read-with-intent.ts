import {judge} from '../auth0/sent.ts'
import type {Sent} from '../auth0/sent.ts'
import {StanchError} from '../errors.ts'
import type {Operation} from '../incident/replay.ts'
import type {ActTrail, IntentDraft, Intended} from './act-trail.ts'

/**
 * A read whose answer holds secrets, which the tenant therefore logs: its intent is on the disk before it is sent, and its
 * outcome after it. Whatever came back is given to the caller; `done` where it is a usable answer.
 */
export async function readWithIntent<T extends {readonly sent: Sent}>(
  journal: ActTrail,
  draft: Omit<IntentDraft, 'undo'>,
  read: (correlationId: string) => Promise<T>,
): Promise<{readonly answer: T; readonly done: boolean}> {
  const [intended] = journal.intend([{...draft, undo: 'nothing to undo: a read; the tenant logs it'}])
  if (!intended) throw new StanchError('internal', 'An intent was not written. Nothing was sent.')
  const answer = await read(intended.correlation_id)
  const judged = judge(answer.sent)
  const result = judged === 'done' ? 'ok' : judged === 'refused' ? 'refused' : judged === 'not_sent' ? 'failed' : 'unknown'
  journal.end(intended, answer.sent, result)
  if (result === 'unknown') settleRead(journal, intended)
  return {answer, done: judged === 'done'}
}

/** A read has no effect to be in doubt about: one whose answer was lost, by a crash or on the way, is over. */
export function settleRead(journal: ActTrail, operation: Operation | Intended): void {
  journal.settle(operation, 'not_done', 'state', {note: 'a read changes nothing'})
}
