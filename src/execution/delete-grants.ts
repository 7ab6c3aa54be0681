import {judge} from '../auth0/sent.ts'
import type {Sent} from '../auth0/sent.ts'
import {rateLimited} from '../auth0/resend.ts'
import {requestOf} from '../auth0/mutations.ts'
import {StanchError} from '../errors.ts'
import {grantChanges} from '../incident/grants-since-leak.ts'
import type {PlanStep, StepOutcome} from '../incident/plan.ts'
import type {Intended} from './act-trail.ts'
import {beginStep, finishStep, nextTry} from './progress.ts'
import type {Progress, StepResult} from './progress.ts'
import type {Run} from './run.ts'

type Deletion = PlanStep & {readonly action: 'client_grant.delete'}

/**
 * Deletes grants, all at once: every intent is durable before the first request leaves, and what became of each is
 * decided by reading the list afterwards, because 204 is also the answer for a grant that never was.
 */
export async function deleteGrants(run: Run, progress: Progress, steps: readonly Deletion[]): Promise<void> {
  const present = new Set(progress.snapshot.grants.map((grant) => grant.id))
  const todo: Deletion[] = []
  for (const step of steps) {
    if (present.has(step.args.grant_id)) todo.push(step)
    else finishStep(run, progress, step, {outcome: 'already', at: run.journal.now(), detail: 'it was gone before'})
  }
  for (const step of todo) beginStep(run, progress, step)
  // What a look at the tenant shows to be undone is tried again under a new intent: twice, then a person decides.
  let again: Deletion[] = todo
  for (let round = 1; again.length > 0 && round <= 3 && !run.interruption.requested; round++)
    again = await attempt(run, progress, again, round)
}

/** One attempt at the given deletions. Returns those that certainly did not happen for lack of an answer. */
async function attempt(run: Run, progress: Progress, todo: readonly Deletion[], round: number): Promise<Deletion[]> {
  const settings = progress.snapshot.setting_changes
  const attempts = run.journal.intend(
    todo.map((step) => ({
      action: step.action,
      target: step.target,
      req: requestOf({kind: 'client_grant.delete', grant_id: step.args.grant_id}),
      step: step.id,
      phase: 'contain',
      why: step.title,
      undo: step.undo,
      plan_sha256: progress.plan_sha256,
      state: run.journal.evidence({
        grant: step.args.grant,
        grant_id: step.args.grant_id,
        organizations: progress.snapshot.organizations[step.args.grant_id] ?? [],
        // The log's retention may be a day, and whoever gives back asks later.
        changes: settings === null ? null : grantChanges(settings, step.args.grant_id, step.args.grant),
      }),
      try: nextTry(progress, step) + round - 1,
    })),
  )
  // The intents are on disk. Crash anywhere below: `resume` finds them without an outcome and looks at the tenant.
  const sent = await Promise.all(
    todo.map((step, index) =>
      run.tenant.change(
        {kind: 'client_grant.delete', grant_id: step.args.grant_id},
        (attempts[index] as Intended).correlation_id,
      ),
    ),
  )
  return decide(
    run,
    progress,
    todo,
    attempts,
    sent.map((one) => one.sent),
    round === 1,
  )
}

/** One read of the list tells for each grant whether it is gone. A read that fails leaves the answers as they were judged. */
async function decide(
  run: Run,
  progress: Progress,
  steps: readonly Deletion[],
  attempts: readonly Intended[],
  sent: readonly Sent[],
  first: boolean,
): Promise<Deletion[]> {
  let left: Set<string> | undefined
  let failure: unknown
  try {
    const grants = await run.tenant.listClientGrants({client_id: progress.plan.client_id})
    left = new Set(grants.map((grant) => grant.id))
  } catch (error) {
    failure = error
  }
  const ends: {intended: Intended; sent: Sent; result: 'ok' | 'failed' | 'refused' | 'unknown'}[] = []
  const results: {step: Deletion; result: StepResult; settle?: 'ok' | 'not_done'; again?: boolean; intended: Intended}[] = []
  steps.forEach((step, index) => {
    const answer = sent[index] as Sent
    const intended = attempts[index] as Intended
    const judged = judge(answer)
    const gone = left === undefined ? undefined : !left.has(step.args.grant_id)
    const at = run.journal.now()
    const request = answer.kind === 'answered' && answer.request_id !== undefined ? {request_id: answer.request_id} : {}
    const result = (outcome: StepOutcome, detail?: string): StepResult => ({
      outcome,
      seq: intended.seq,
      at,
      ...request,
      ...(detail === undefined ? {} : {detail}),
    })
    if (judged === 'done' && gone === true) {
      ends.push({intended, sent: answer, result: 'ok'})
      results.push({step, intended, result: result('done')})
      if (answer.kind === 'answered' && answer.date !== undefined)
        progress.grants_changed_at = Math.max(progress.grants_changed_at ?? 0, answer.date)
    } else if (judged === 'refused') {
      ends.push({intended, sent: answer, result: 'refused'})
      // 401 is about our token, which was dropped: once more with a fresh one, under a new intent.
      const again = first && answer.kind === 'answered' && answer.status === 401
      results.push({
        step,
        intended,
        again,
        result: result('refused', `the tenant answered ${answer.kind === 'answered' ? answer.status : ''}`),
      })
    } else if (judged === 'not_sent') {
      ends.push({intended, sent: answer, result: 'failed'})
      results.push({step, intended, result: result('not_attempted', 'the request did not leave')})
    } else if (judged === 'rate_limited') {
      // 429 is refused before it is executed.
      progress.stop = rateLimited(answer.kind === 'answered' ? answer.retry_after : undefined, run.clock.now() / 1000)
      ends.push({intended, sent: answer, result: 'refused'})
      results.push({step, intended, result: result('not_attempted', 'rate limited')})
    } else {
      ends.push({intended, sent: answer, result: 'unknown'})
      if (gone === undefined)
        results.push({step, intended, result: result('in_doubt', 'no usable answer, and the grants could not be read')})
      else
        results.push({
          step,
          intended,
          settle: gone ? 'ok' : 'not_done',
          result: result(
            gone ? 'done' : 'not_attempted',
            gone ? 'settled by looking: it is gone' : 'settled by looking: it is still there',
          ),
        })
    }
  })
  run.journal.endAll(ends)
  for (const one of results) {
    if (one.settle) {
      run.journal.settle(one.intended, one.settle, 'state', {grants_left: [...(left ?? [])]})
      if (one.settle === 'ok') progress.grants_changed_at = run.tenant.serverTime() ?? Math.floor(run.clock.now() / 1000)
    }
    finishStep(run, progress, one.step, one.result)
  }
  if (failure instanceof StanchError && results.every((one) => one.result.outcome !== 'in_doubt')) throw failure
  return results.filter((one) => one.settle === 'not_done' || one.again).map((one) => one.step)
}
