import {isSecretRead, SECRET_READS} from '../secret-reads.ts'
import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {audienceOf, expectedType, sameRequest, TOKEN, whatOf} from './entries.ts'
import type {Dated} from './entries.ts'
import type {ReconcileFinding, RecordedIntent} from './facts.ts'
import type {Span} from './tenant-time.ts'

/** An entry may be dated this long before its intent: two clocks, and a resolution of seconds. */
const BEFORE_INTENT_MS = 5000
/** Without a correlation id an entry belongs to an intent only within this long after its end. */
const AFTER_END_MS = 60_000
/** After these a late effect does no harm, so "not done" was said without looking. */
const HARMLESS: readonly string[] = [...SECRET_READS, 'organization_client_grant.create']

/** When an intent was written and when its operation ended, in tenant time. */
export interface Moments {
  readonly begun: Span
  readonly ended: Span
}

export interface Judge {
  moments(intent: RecordedIntent): Moments
  /** Clients that the responder acted as in a session, and the `jti`s of its tokens. */
  actors(sid: string): {readonly clients: ReadonlySet<string>; readonly jtis: ReadonlySet<string>}
  readonly suspects: ReadonlySet<string>
}

/** What the entries with one intent's correlation id say about it. */
export function judgeById(judge: Judge, intent: RecordedIntent, group: readonly Dated[]): ReconcileFinding[] {
  const [best, ...others] = group.toSorted((a, b) => score(judge, intent, b) - score(judge, intent, a) || a.at - b.at)
  if (!best) return []
  const findings = judgeEntry(judge, intent, best)
  // A read is repeated by the transport when its answer was lost; each repetition is logged.
  const repeated = (one: Dated) => expectedType(intent) === 'mgmt_api_read' && differences(judge, intent, one).length === 0
  for (const other of others) {
    if (repeated(other)) continue
    findings.push({
      code: 'CORRELATION_REUSED',
      seq: intent.seq,
      log_id: other.entry.log_id,
      detail: `${whatOf(other.entry)} by client ${other.entry.client_id ?? 'unknown'} carries the id of ${intent.action}, which another entry has`,
    })
  }
  return findings
}

/** An entry that belongs to this intent, judged: no finding means that it matches. */
export function judgeEntry(judge: Judge, intent: RecordedIntent, one: Dated): ReconcileFinding[] {
  const at = {seq: intent.seq, log_id: one.entry.log_id}
  const [difference] = differences(judge, intent, one)
  if (difference) return [{...at, ...difference}]
  const {outcome, settled} = intent
  if (outcome?.result === 'refused' || outcome?.result === 'failed') {
    const said = outcome.result === 'refused' ? 'the tenant refused' : 'did not leave'
    return [
      {
        ...at,
        code: 'OUTCOME_CONTRADICTED',
        detail: `${intent.action} on ${intent.target} ${said} by our record, yet the tenant logged it`,
      },
    ]
  }
  if (settled?.result === 'not_done' && !HARMLESS.includes(intent.action)) {
    return [
      {
        ...at,
        code: 'OUTCOME_CONTRADICTED',
        detail: `${intent.action} on ${intent.target} was settled as not done, yet the tenant logged it`,
      },
    ]
  }
  if (settled === undefined && (outcome === undefined || outcome.result === 'unknown')) {
    return [{...at, code: 'SETTLE_OK', detail: `${intent.action} on ${intent.target} took effect: the tenant logged it`}]
  }
  return []
}

function differences(judge: Judge, intent: RecordedIntent, {entry, at}: Dated): Pick<ReconcileFinding, 'code' | 'detail'>[] {
  const found: Pick<ReconcileFinding, 'code' | 'detail'>[] = []
  if (entry.type !== expectedType(intent) || !sameRequest(intent, entry)) {
    found.push({code: 'REQUEST_DIFFERS', detail: `the entry is ${whatOf(entry)}, the intent ${intent.method} ${intent.path}`})
  }
  const client = clientDifference(judge, intent, entry)
  if (client !== undefined) found.push({code: 'CLIENT_DIFFERS', detail: client})
  const {earliest} = judge.moments(intent).begun
  if (at < earliest - BEFORE_INTENT_MS) {
    found.push({
      code: 'EFFECT_BEFORE_INTENT',
      detail: `the entry is dated ${Math.ceil((earliest - at) / 1000)} s before its intent`,
    })
  }
  return found
}

function clientDifference(judge: Judge, intent: RecordedIntent, entry: LogEntry): string | undefined {
  if (intent.action === 'token.request') {
    const known = entry.client_id === undefined || judge.suspects.size === 0 || judge.suspects.has(entry.client_id)
    return known ? undefined : `the token was issued to client ${entry.client_id}`
  }
  const {clients, jtis} = judge.actors(intent.sid)
  if (clients.size > 0 && (entry.client_id === undefined || !clients.has(entry.client_id))) {
    return `the entry names client ${entry.client_id ?? 'unknown'}, which did not act in that session`
  }
  const jti = entry.request?.jti
  if (jti !== undefined && jtis.size > 0 && !jtis.has(jti))
    return `the entry names a token (jti ${jti}) that this session did not have`
  return undefined
}

function score(judge: Judge, intent: RecordedIntent, one: Dated): number {
  return -differences(judge, intent, one).length
}

/** Could this entry without a correlation id be the one of this intent? */
export function fitsByTime(judge: Judge, intent: RecordedIntent, one: Dated): boolean {
  const {begun, ended} = judge.moments(intent)
  if (one.at < begun.earliest - BEFORE_INTENT_MS || one.at > ended.latest + AFTER_END_MS) return false
  if (one.entry.type === TOKEN) {
    return (
      intent.action === 'token.request' &&
      one.entry.audience === audienceOf(intent) &&
      differences(judge, intent, one).length === 0
    )
  }
  return differences(judge, intent, one).length === 0
}

/** Does the record say that the tenant must have logged this? */
export function mustBeLogged(intent: RecordedIntent): boolean {
  const {outcome, settled} = intent
  if (isSecretRead(intent.action)) return outcome?.result === 'ok' && outcome.saw_secret
  if (outcome?.result === 'ok') return true
  // A request whose answer was lost counts as a token issued, whether or not it was one.
  return settled?.result === 'ok' && intent.action !== 'token.request'
}

export function isOpen({outcome, settled}: RecordedIntent): boolean {
  return settled === undefined && (outcome === undefined || outcome.result === 'unknown')
}
