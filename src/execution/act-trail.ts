import {randomBytes} from 'node:crypto'

import type {Sent} from '../auth0/sent.ts'
import type {Intent} from '../incident/events.ts'
import type {Operation} from '../incident/replay.ts'
import type {Appended, Draft, Trail} from '../trail/trail.ts'
import {withoutSecretShapes} from '../secret.ts'
import {printable} from '../untrusted.ts'

/** What a request is about, before it is sent. */
export interface IntentDraft {
  readonly action: string
  readonly target: string
  readonly req: {readonly method: string; readonly path: string}
  readonly step?: string
  readonly phase: 'triage' | 'contain' | 'rotate' | 'verify' | 'settle' | 'restore' | 'setup'
  readonly why: string
  readonly undo: string
  readonly plan_sha256?: string
  readonly before?: string
  /** SHA-256 of the evidence blob with the state before. */
  readonly state?: string
  readonly try?: number
}

/** An intent that is durable. Only with one of these in hand does a request leave. */
export interface Intended extends Intent {
  readonly seq: number
  readonly at: string
}

/** Members of a record beside those that the trail gives it. */
export type Members = {readonly kind: string; readonly [member: string]: unknown}

/**
 * Acts on a tenant as they are written down: intent, outcome, settle, hand-over, observation, decision, note. All members of the records
 * are built here, from named values only; a request, a response or an error object never comes near one.
 */
export class ActTrail {
  readonly trail: Trail
  readonly tenant: string

  constructor(trail: Trail, tenant: string) {
    this.trail = trail
    this.tenant = tenant
  }

  /** Appends the intents and returns when they are durable: crash after this and `resume` finds them in doubt. */
  intend(drafts: readonly IntentDraft[]): Intended[] {
    const prepared = drafts.map((draft) => ({draft, op: `op-${randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x')}`}))
    const appended = this.trail.appendAll(
      prepared.map(({draft, op}) =>
        this.record({
          kind: 'intent',
          target: draft.target,
          op,
          try: draft.try ?? 1,
          action: draft.action,
          req: draft.req,
          ...(draft.before === undefined ? {} : {before: draft.before}),
          ...(draft.state === undefined ? {} : {state: draft.state}),
          phase: draft.phase,
          ...(draft.step === undefined ? {} : {step: draft.step}),
          ...(draft.plan_sha256 === undefined ? {} : {plan_sha256: draft.plan_sha256}),
          why: printable(draft.why, 400),
          undo: printable(draft.undo, 400),
        }),
      ),
    )
    return prepared.map(({draft, op}, index) => intendedOf(draft, op, appended[index] as Appended))
  }

  /** The end of an operation as the tenant answered it, or as no answer came. */
  end(
    intended: Intended | Operation,
    sent: Sent,
    result: 'ok' | 'failed' | 'refused' | 'unknown',
    extras: {after?: string} = {},
  ): Appended {
    const {outcome} = this.outcomeDraft(intended, sent, result, extras)
    const appended = this.trail.append(outcome)
    this.trail.checkpoint()
    return appended
  }

  /** Several ends in one append, for changes that were sent together. */
  endAll(ends: readonly {intended: Intended; sent: Sent; result: 'ok' | 'failed' | 'refused' | 'unknown'}[]): void {
    if (ends.length === 0) return
    this.trail.appendAll(ends.map((one) => this.outcomeDraft(one.intended, one.sent, one.result, {}).outcome))
    this.trail.checkpoint()
  }

  /** A rotation's end together with where the new secret went: both or neither are on disk. */
  endRotation(intended: Intended | Operation, sent: Sent, after: string | undefined, delivery: DeliveryFact | undefined): void {
    const {outcome} = this.outcomeDraft(intended, sent, 'ok', after === undefined ? {} : {after})
    this.trail.appendAll(delivery ? [outcome, this.#deliveryDraft(intended.op, delivery)] : [outcome])
    this.trail.checkpoint()
  }

  outcomeDraft(
    intended: Intended | Operation,
    sent: Sent,
    result: 'ok' | 'failed' | 'refused' | 'unknown',
    extras: {after?: string},
  ): {outcome: Draft} {
    const answered = sent.kind === 'answered' ? sent : undefined
    const error = errorOf(sent, result)
    return {
      outcome: this.record({
        kind: 'outcome',
        target: intended.target,
        op: intended.op,
        try: intended.try,
        intent: intended.seq,
        action: intended.action,
        corr: intended.correlation_id,
        result,
        ...(answered
          ? {
              res: {
                status: answered.status,
                ms: Math.round(answered.ms),
                ...(answered.date === undefined ? {} : {date: new Date(answered.date * 1000).toUTCString()}),
              },
            }
          : {}),
        ...(extras.after === undefined ? {} : {after: extras.after}),
        ...(error === undefined ? {} : {error}),
      }),
    }
  }

  settle(operation: Operation | Intended, result: 'ok' | 'not_done', by: 'state' | 'tenant-log', evidence: unknown): void {
    this.trail.append(
      this.record({
        kind: 'settle',
        target: operation.target,
        op: operation.op,
        intent: operation.seq,
        result,
        by,
        evidence: this.evidence(evidence),
      }),
    )
    this.trail.checkpoint()
  }

  delivered(op: string, delivery: DeliveryFact): void {
    this.trail.append(this.#deliveryDraft(op, delivery))
    this.trail.checkpoint()
  }

  observe(members: Observation): void {
    this.observeAll([members])
  }

  /** Several observations in one append: all of them are on the disk, or none. */
  observeAll(all: readonly Observation[]): Appended[] {
    return this.trail.appendAll(
      all.map(({target, action, finding, ...rest}) =>
        this.record({
          kind: 'observe',
          ...(target === undefined ? {} : {target}),
          action,
          finding: printable(finding, 1000),
          ...rest,
        }),
      ),
    )
  }

  decision(question: string, answer: string, extras: {choices?: readonly string[]; plan_sha256?: string} = {}): void {
    this.trail.append(
      this.record({
        kind: 'decision',
        question,
        answer: printable(answer, 400),
        ...(extras.choices === undefined ? {} : {choices: extras.choices}),
        ...(extras.plan_sha256 === undefined ? {} : {plan_sha256: extras.plan_sha256}),
      }),
    )
  }

  note(text: string): void {
    this.trail.append(this.record({kind: 'note', text: printable(text, 4000)}))
  }

  /** Stores `value` as a content-addressed blob; returns its SHA-256. Canonical JSON, so the same value is the same blob. */
  evidence(value: unknown): string {
    return this.trail.putEvidence(JSON.stringify(withoutShapes(value)))
  }

  /** `hmac-sha256:...` of a secret: equal secrets are seen to be equal, and nobody without the key can test a guess. */
  fingerprint(clientId: string, secret: string): string {
    return this.trail.blind(this.tenant, `client:${clientId}`, 'client_secret', secret)
  }

  #deliveryDraft(op: string, delivery: DeliveryFact): Draft {
    return this.record({
      kind: 'deliver',
      op,
      sink: printable(delivery.sink, 300),
      result: delivery.result,
      fingerprint: delivery.fingerprint,
    })
  }

  protected record({kind, ...rest}: Members): Draft {
    return withoutShapes({kind, tenant: this.tenant, ...rest}) as unknown as Draft
  }
}

/** What was looked at and seen; `evidence` is the SHA-256 of a blob. */
export interface Observation {
  readonly action: string
  readonly finding: string
  readonly target?: string
  readonly probe?: string
  readonly count?: number
  readonly first_at?: string
  readonly last_at?: string
  readonly verdict?: string
  readonly evidence?: string
}

export interface DeliveryFact {
  readonly sink: string
  readonly result: 'ok' | 'failed'
  readonly fingerprint: string
}

function intendedOf(draft: IntentDraft, op: string, appended: Appended): Intended {
  return {
    op,
    try: draft.try ?? 1,
    action: draft.action,
    target: draft.target,
    ...(draft.step === undefined ? {} : {step: draft.step}),
    phase: draft.phase,
    ...(draft.before === undefined ? {} : {before: draft.before}),
    ...(draft.state === undefined ? {} : {state: draft.state}),
    correlation_id: appended.correlationId,
    seq: appended.seq,
    at: appended.time,
  }
}

/** A code and a sentence of ours; of the tenant's answer only its error code is kept, never its text. */
function errorOf(sent: Sent, result: string): {code: string; text: string} | undefined {
  if (result === 'ok') return undefined
  if (sent.kind !== 'answered')
    return {code: sent.cause, text: sent.kind === 'not_sent' ? 'the request did not leave' : 'no usable answer came'}
  return {code: sent.error ?? `http_${sent.status}`, text: `the tenant answered ${sent.status}`}
}

/**
 * A copy in which tenant text that looks like a token or a key reads `[secret]`. Names, user agents and API identifiers
 * are chosen by others: one that is shaped like a JWT must not keep the trail from being written. A secret of our own in
 * a record is a defect all the same, and the trail refuses it.
 */
function withoutShapes(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecretShapes(value)
  if (Array.isArray(value)) return value.map(withoutShapes)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [withoutSecretShapes(name), withoutShapes(member)]))
  return value
}
