import {randomBytes} from 'node:crypto'

import {rateLimited} from '../auth0/resend.ts'
import {requestOf} from '../auth0/mutations.ts'
import type {Mutation} from '../auth0/mutations.ts'
import {judge} from '../auth0/sent.ts'
import type {Sent} from '../auth0/sent.ts'
import {StanchError} from '../errors.ts'
import type {PlanStep} from '../incident/plan.ts'
import {Secret} from '../secret.ts'
import {handOver} from './hand-over.ts'
import type {Intended} from './act-trail.ts'
import {beginStep, finishStep, nextTry} from './progress.ts'
import type {Progress} from './progress.ts'
import {readCurrentSecret} from './read-secret.ts'
import type {Run} from './run.ts'
import {authMethodOf, settleRotation} from './settle-rotation.ts'
import type {Settlement} from './settle-rotation.ts'

type Rotation = PlanStep & {readonly action: 'client_secret.rotate'}

type SecretChange = Mutation & {kind: 'client_secret.rotate' | 'client_secret.set'}

/** A rotation without an answer that had no effect goes again once; then a person decides. */
const MAX_ROUNDS = 2

/** How often a rotation that got 429 is sent again, each time only after a read that shows no change. */
const MAX_SENDS = 3

/** The read of the current secret that a rotation wants before it; started early so that it costs no round trip of its own. */
export type Before = Promise<{secret: Secret; fingerprint: string} | undefined>

export function readBefore(run: Run, progress: Progress): Before {
  return readCurrentSecret(run, progress, progress.plan.client_id, 'fingerprint of the secret before the rotation')
}

/**
 * Rotates the secret once and hands the new one over. A rotation is never repeated blindly: an answer that did not
 * come is settled by looking (`settle-rotation.ts`), and what cannot be seen is asked, never guessed. What two looks show
 * to be undone is tried once more, under an intent of its own.
 */
export async function rotateSecret(
  run: Run,
  progress: Progress,
  step: Rotation,
  deliverStep: PlanStep | undefined,
  before: Before,
): Promise<void> {
  beginStep(run, progress, step)
  const known = await before
  if (known && !progress.old_secret) progress.old_secret = known.secret
  const inForce = known?.fingerprint ?? (await leakedInForce(run, progress))
  if (inForce !== undefined) progress.secret_before ??= inForce
  const mutation = mutationOf(step)
  for (let round = 1; round <= MAX_ROUNDS && !(round > 1 && run.interruption.requested); round++) {
    const settled = await attempt(run, progress, step, deliverStep, mutation, {known, inForce, round})
    if (settled !== 'not_done') return
  }
}

/** One intent and what became of it. `not_done` when it was settled by looking that it had no effect. */
async function attempt(
  run: Run,
  progress: Progress,
  step: Rotation,
  deliverStep: PlanStep | undefined,
  mutation: SecretChange,
  {known, inForce, round}: {known: {fingerprint: string} | undefined; inForce: string | undefined; round: number},
): Promise<Settlement | undefined> {
  const [intended] = run.journal.intend([
    {
      action: step.args.method === 'set' ? 'client_secret.set' : 'client_secret.rotate',
      target: step.target,
      req: requestOf(mutation),
      step: step.id,
      phase: 'rotate',
      why: step.title,
      undo: step.undo,
      plan_sha256: progress.plan_sha256,
      ...(inForce === undefined ? {} : {before: inForce}),
      try: nextTry(progress, step) + round - 1,
    },
  ])
  if (!intended) return undefined
  if (mutation.kind === 'client_secret.set' && run.handOver && round === 1) {
    // A value made here is sealed before it is sent: after a crash it lies in the incident's own folder, whatever the tenant did.
    const sealed = await handOver(
      run,
      {...run.handOver, sink: run.handOver.fallback},
      mutation.secret,
      run.journal.fingerprint(progress.plan.client_id, mutation.secret.reveal()),
    )
    if (sealed.result !== 'ok') {
      run.journal.end(intended, {kind: 'not_sent', cause: 'not_sealed', ms: 0}, 'failed')
      throw new StanchError('delivery.failed', 'The new secret could not be sealed on this machine. Nothing was changed.')
    }
    run.journal.observe({action: 'secret.sealed', target: step.target, finding: `sealed in ${sealed.sink} before it was sent`})
  }
  const {sent, secret} = await send(run, progress, mutation, intended, known?.fingerprint)
  return conclude(
    run,
    progress,
    step,
    deliverStep,
    {...intended, ...(inForce === undefined ? {} : {before: inForce})},
    sent,
    secret,
    mutation,
  )
}

/**
 * Where the secret can't be read: is the leaked value the one in force? Only then does its refusal afterwards say that
 * the rotation happened; a mistyped value would be refused just the same.
 */
async function leakedInForce(run: Run, progress: Progress): Promise<string | undefined> {
  if (!run.leaked) return undefined
  const {client_id} = progress.plan
  const probe = await run.tenant.probeSecret(client_id, run.leaked, authMethodOf(progress))
  if (probe.verdict === 'alive') return run.journal.fingerprint(client_id, run.leaked.reveal())
  // Refused after a rotation of our own it is what it should be.
  if (probe.verdict === 'dead' && progress.secret_before === undefined && progress.secret_changed_at === undefined)
    progress.leaked_is_former = true
  return undefined
}

function mutationOf(step: Rotation): SecretChange {
  const {client_id, method} = step.args
  if (method === 'rotate') return {kind: 'client_secret.rotate', client_id}
  // 48 random bytes are 64 characters of A-Z a-z 0-9 _ -: the form of the secrets that Auth0 makes itself.
  return {kind: 'client_secret.set', client_id, secret: new Secret(randomBytes(48).toString('base64url'))}
}

/**
 * One send; after a 429 again, if a read proves that nothing changed. A tenant that says 429 and changed the secret all the
 * same, or whose secret cannot be read: what it did is looked at like any lost answer, and never sent again before.
 */
async function send(
  run: Run,
  progress: Progress,
  mutation: SecretChange,
  intended: Intended,
  before: string | undefined,
): Promise<{sent: Sent; secret: Secret | undefined}> {
  for (let sends = 1; ; sends++) {
    const {sent, body} = await run.tenant.change(mutation, intended.correlation_id)
    const secret = mutation.kind === 'client_secret.set' ? mutation.secret : (body as {secret?: Secret} | undefined)?.secret
    if (judge(sent) !== 'rate_limited' || mutation.kind !== 'client_secret.rotate') return {sent, secret}
    const wait = sent.kind === 'answered' ? (sent.retry_after ?? 2) : 2
    const again = sends < MAX_SENDS && wait <= 60
    if (again) {
      run.responder.notify({kind: 'waits', why: 'the tenant limits the rate', seconds_left: wait})
      await run.clock.sleep(wait)
    }
    const now =
      before === undefined
        ? undefined
        : await readCurrentSecret(run, progress, mutation.client_id, 'after a 429: did the secret change?')
    if (!now || now.fingerprint !== before)
      return {sent: {kind: 'in_doubt', cause: 'changed_or_unread_after_429', status: 429, ms: sent.ms}, secret: undefined}
    if (!again) return {sent, secret: undefined}
  }
}

async function conclude(
  run: Run,
  progress: Progress,
  step: Rotation,
  deliverStep: PlanStep | undefined,
  intended: Intended,
  sent: Sent,
  secret: Secret | undefined,
  mutation: Mutation,
): Promise<Settlement | undefined> {
  const judged = judge(sent)
  const request = sent.kind === 'answered' && sent.request_id !== undefined ? {request_id: sent.request_id} : {}
  if (judged === 'done' && secret) {
    progress.new_secret = secret
    progress.secret_changed_at =
      sent.kind === 'answered' && sent.date !== undefined ? sent.date : Math.floor(run.clock.now() / 1000)
    const after = run.journal.fingerprint(progress.plan.client_id, secret.reveal())
    // The secret is in memory only until it is delivered. The outcome follows the delivery, however that ended.
    const delivery = await deliverNow(run, progress, deliverStep, secret, after)
    run.journal.endRotation(intended, sent, after, delivery)
    finishStep(run, progress, step, {outcome: 'done', seq: intended.seq, at: run.journal.now(), ...request})
    reportDelivery(run, progress, deliverStep)
    return undefined
  }
  if (judged === 'refused' || judged === 'rate_limited') {
    run.journal.end(intended, sent, 'refused')
    if (judged === 'rate_limited')
      progress.stop = rateLimited(sent.kind === 'answered' ? sent.retry_after : undefined, run.clock.now() / 1000)
    const detail =
      judged === 'refused'
        ? `the tenant answered ${sent.kind === 'answered' ? sent.status : ''}`
        : 'rate limited; nothing was changed'
    finishStep(run, progress, step, {
      outcome: judged === 'refused' ? 'refused' : 'not_attempted',
      seq: intended.seq,
      at: run.journal.now(),
      detail,
      ...request,
    })
    // 401 is about our token, which was dropped, and certainly changed nothing: once more with a fresh one, under a new intent.
    return sent.kind === 'answered' && sent.status === 401 ? 'not_done' : undefined
  }
  if (judged === 'not_sent') {
    run.journal.end(intended, sent, 'failed')
    finishStep(run, progress, step, {
      outcome: 'not_attempted',
      seq: intended.seq,
      at: run.journal.now(),
      detail: 'the request did not leave',
    })
    return undefined
  }
  run.journal.end(intended, sent, 'unknown')
  run.responder.notify({
    kind: 'warning',
    text: 'No usable answer came to the rotation. Looking at the tenant before anything else.',
  })
  return settleRotation(
    run,
    progress,
    step,
    deliverStep,
    intended,
    mutation.kind === 'client_secret.set' ? mutation.secret : undefined,
  )
}

/** Hands the secret over when the plan says so; without a deliver step it stays in memory and dies with the process. */
export async function deliverNow(
  run: Run,
  progress: Progress,
  deliverStep: PlanStep | undefined,
  secret: Secret,
  fingerprint: string,
) {
  if (!deliverStep || !run.handOver) return undefined
  beginStep(run, progress, deliverStep)
  const delivery = await handOver(run, run.handOver, secret, fingerprint)
  progress.delivery = {sink: delivery.sink, result: delivery.result, fingerprint}
  return progress.delivery
}

/** Tells what became of the delivery, once the records about it are on disk. */
export function reportDelivery(run: Run, progress: Progress, deliverStep: PlanStep | undefined): void {
  if (!deliverStep || !progress.delivery) return
  const ok = progress.delivery.result === 'ok'
  finishStep(run, progress, deliverStep, {
    outcome: ok ? 'done' : 'refused',
    at: run.journal.now(),
    detail: ok ? `in ${progress.delivery.sink}` : `not delivered; it is in ${progress.delivery.sink}`,
  })
}
