import {judge} from '../auth0/sent.ts'
import {requestOf} from '../auth0/mutations.ts'
import {rateLimited} from '../auth0/resend.ts'
import type {ClientGrant, ClientGrantBody} from '../auth0/resources/client-grant.ts'
import {canonicalJson} from '../incident/plan.ts'
import type {PlanStep} from '../incident/plan.ts'
import {bodyOf} from '../incident/actions/delete-client-grant.ts'
import type {SavedGrant} from '../incident/actions/restore-client-grant.ts'
import type {GrantChange} from '../incident/grants-since-leak.ts'
import type {Operation} from '../incident/replay.ts'
import {tookEffect} from '../incident/replay.ts'
import {StanchError} from '../errors.ts'
import {beginStep, finishStep, nextTry} from './progress.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'

type Restoration = PlanStep & {readonly action: 'client_grant.restore'}

/** Gives one grant back as it was, then its organisation ties. A grant that somebody else created meanwhile is compared, never overwritten. */
export async function restoreGrant(run: Run, progress: Progress, step: Restoration): Promise<void> {
  beginStep(run, progress, step)
  const found = await lookFor(run, step.args.grant)
  if (found) {
    const same = canonicalJson(bodyOf(found)) === canonicalJson(step.args.grant)
    const ours = progress.earlier.some((one) => one.step === step.id && one.action === 'client_grant.create' && tookEffect(one))
    finishStep(run, progress, step, {
      outcome: same ? (ours ? 'done' : 'already') : 'refused',
      at: run.journal.now(),
      detail: same
        ? `it is there as ${found.id}`
        : `a different grant ${found.id} is there: compare by hand, it is not overwritten`,
    })
    if (same) await restoreTies(run, progress, step, found.id)
    return
  }
  const mutation = {kind: 'client_grant.create', body: step.args.grant} as const
  const [intended] = run.journal.intend([
    {
      action: 'client_grant.create',
      target: step.target,
      req: requestOf(mutation),
      step: step.id,
      phase: 'restore',
      why: step.title,
      undo: step.undo,
      plan_sha256: progress.plan_sha256,
      try: nextTry(progress, step),
    },
  ])
  if (!intended) return
  const {sent, body} = await run.tenant.change(mutation, intended.correlation_id)
  const judged = judge(sent)
  let created = judged === 'done' ? body?.grant : undefined
  const request = sent.kind === 'answered' && sent.request_id !== undefined ? {request_id: sent.request_id} : {}
  if (judged === 'done' && created) {
    run.journal.end(intended, sent, 'ok')
    finishStep(run, progress, step, {
      outcome: 'done',
      seq: intended.seq,
      at: run.journal.now(),
      detail: `new id ${created.id}`,
      ...request,
    })
  } else if (judged === 'refused' || judged === 'rate_limited') {
    run.journal.end(intended, sent, 'refused')
    if (judged === 'rate_limited')
      progress.stop = rateLimited(sent.kind === 'answered' ? sent.retry_after : undefined, run.clock.now() / 1000)
    finishStep(run, progress, step, {
      outcome: judged === 'refused' ? 'refused' : 'not_attempted',
      seq: intended.seq,
      at: run.journal.now(),
      detail: `the tenant answered ${sent.kind === 'answered' ? sent.status : ''}`,
      ...request,
    })
    return
  } else if (judged === 'not_sent') {
    run.journal.end(intended, sent, 'failed')
    finishStep(run, progress, step, {
      outcome: 'not_attempted',
      seq: intended.seq,
      at: run.journal.now(),
      detail: 'the request did not leave',
    })
    return
  } else {
    run.journal.end(intended, sent, 'unknown')
    created = await lookFor(run, step.args.grant)
    run.journal.settle(intended, created ? 'ok' : 'not_done', 'state', {found: created?.id ?? null})
    finishStep(run, progress, step, {
      outcome: created ? 'done' : 'not_attempted',
      seq: intended.seq,
      at: run.journal.now(),
      detail: created ? `settled by looking: new id ${created.id}` : 'settled by looking: it is not there',
    })
  }
  if (created) await restoreTies(run, progress, step, created.id)
}

/** Ties an organisation at a time; 409 means it is tied already. */
async function restoreTies(run: Run, progress: Progress, step: Restoration, grantId: string): Promise<void> {
  for (const organization of step.args.organizations) {
    const mutation = {kind: 'organization_client_grant.create', organization_id: organization, grant_id: grantId} as const
    const [intended] = run.journal.intend([
      {
        action: mutation.kind,
        target: `organization:${organization}`,
        req: requestOf(mutation),
        step: step.id,
        phase: 'restore',
        why: `tie the organisation to grant ${grantId} again`,
        undo: 'remove the tie in the Dashboard',
        plan_sha256: progress.plan_sha256,
      },
    ])
    if (!intended) return
    const {sent} = await run.tenant.change(mutation, intended.correlation_id)
    const judged = judge(sent)
    const already = sent.kind === 'answered' && sent.status === 409
    const result =
      judged === 'done'
        ? 'ok'
        : judged === 'not_sent'
          ? 'failed'
          : judged === 'refused' || judged === 'rate_limited'
            ? 'refused'
            : 'unknown'
    run.journal.end(intended, sent, result)
    let tied = result === 'ok' || already
    if (result === 'unknown') {
      const ties = await run.tenant.listGrantOrganizations(grantId)
      tied = ties.some((one) => one.id === organization)
      run.journal.settle(intended, tied ? 'ok' : 'not_done', 'state', {ties: ties.map((one) => one.id)})
    }
    if (!tied)
      progress.gaps.push({
        code: 'tie_missing',
        what: `organisation ${organization} and grant ${grantId}`,
        why: 'the tie could not be given back: make it in the Dashboard',
      })
  }
}

async function lookFor(run: Run, body: ClientGrantBody): Promise<ClientGrant | undefined> {
  const grants = await run.tenant.listClientGrants({
    ...(body.client_id === undefined ? {} : {client_id: body.client_id}),
    audience: body.audience,
  })
  return grants.find((grant) => (grant.subject_type ?? 'client') === (body.subject_type ?? 'client'))
}

/**
 * What an incident took and has not given back, read from the evidence that each deletion's intent names.
 * @throws guard.redacted when a saved state is missing or was altered: nothing is written back that is not exactly what was taken
 */
export function takenGrants(run: Pick<Run, 'journal'>, operations: readonly Operation[]): SavedGrant[] {
  const restored = new Set(
    operations.filter((one) => one.action === 'client_grant.create' && tookEffect(one)).map((one) => one.target),
  )
  const taken = new Map<string, SavedGrant>()
  for (const operation of operations) {
    if (operation.action !== 'client_grant.delete' || !tookEffect(operation) || restored.has(operation.target)) continue
    const blob = operation.state === undefined ? undefined : run.journal.trail.getEvidence(operation.state)
    // `[secret]` stands where something was left out when the state was saved: that is not what was taken.
    if (!blob || blob.includes('[secret]')) {
      throw new StanchError(
        'guard.redacted',
        `The saved state of ${operation.target} is not whole in the trail's evidence. Nothing was changed.`,
        {
          hint: 'Create the grant in the Dashboard; its API and scopes stand in the plan: stanch incident show.',
        },
      )
    }
    const saved = JSON.parse(blob.toString('utf8')) as {
      grant: ClientGrantBody
      grant_id: string
      organizations: readonly {id: string}[] | null
      changes?: readonly GrantChange[] | null
    }
    taken.set(operation.target, {
      id: saved.grant_id,
      body: saved.grant,
      organizations: (saved.organizations ?? []).map((one) => one.id),
      ...(saved.changes ? {changes: saved.changes} : {}),
    })
  }
  // Of two grants that the client held on one API one after the other, the first is the one it had before the incident.
  const first = new Map<string, SavedGrant>()
  for (const grant of taken.values()) {
    const path = `${grant.body.subject_type ?? 'client'} ${grant.body.audience}`
    if (!first.has(path)) first.set(path, grant)
  }
  return [...first.values()]
}
