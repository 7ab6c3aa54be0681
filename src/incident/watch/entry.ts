import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {earliestEffect, isAround, mayPrecede} from '../change-window.ts'
import {MAX_TOKEN_LIFETIME, SKEW_SECONDS} from '../exposure-facts.ts'
import {isFirstOfId, isOwnTokenRequest, noteOwnAddress} from '../own-traces.ts'
import type {OwnTraces} from '../own-traces.ts'
import {printable, quoted} from '../../untrusted.ts'
import {containedFrom, firstContained, isGivenBack, sourceKey} from './facts.ts'
import type {WatchFacts} from './facts.ts'
import type {WatchVerdict} from './event.ts'

/** What one log entry says. With `source` it is counted with others of the same source, without it stands alone. */
export interface Sighting {
  readonly verdict: WatchVerdict
  readonly target: string
  /** What happened, without who and when. */
  readonly what: string
  readonly alarm: boolean
  readonly source?: string
  readonly audience?: string
  /** NumericDate until which a token lives that was given out. */
  readonly until?: number
}

/** Texts of a refusal that came after the credential was accepted (contract 1.5): hints, never proof. */
const ACCEPTED_BUT_REFUSED =
  /client-grant|not authorized to access|not been granted scopes|Service not found|not allowed for the client/i
/** A refusal that has nothing to do with the credential. */
const LIMITED = /limit|quota/i

/**
 * Does this entry tell something that the watch looks for? The new secret is told from the old one by time and by the
 * grant that must be there; the old one is dead by proof.
 */
export function judgeEntry(entry: LogEntry, facts: WatchFacts, mine: OwnTraces): Sighting | undefined {
  if (isFirstOfId(entry, facts.own, mine)) {
    noteOwnAddress(entry, mine)
    return undefined
  }
  if (facts.since !== undefined && Date.parse(entry.date) / 1000 < facts.since) return undefined
  switch (entry.type) {
    case 'feccft':
    case 'seccft':
      return entry.client_id === facts.client_id ? tokenRequest(entry, facts, mine) : undefined
    case 'sapi':
      return change(entry, facts)
    case 'mgmt_api_read':
      return byClient(entry, facts)
        ? seen('tripwire', entry, `a token of the client read ${secretsOf(entry)} at ${where(entry)}`, {
            alarm: readsSecret(entry, facts),
          })
        : undefined
    default:
      return undefined
  }
}

function tokenRequest(entry: LogEntry, facts: WatchFacts, mine: OwnTraces): Sighting | undefined {
  const at = Math.floor(Date.parse(entry.date) / 1000)
  const since = firstContained(facts)
  if (since === undefined || !(at >= since) || isOwnTokenRequest(entry, at, mine)) return undefined
  return entry.type === 'feccft' ? refused(entry, at, facts) : issued(entry, at, facts)
}

function refused(entry: LogEntry, at: number, facts: WatchFacts): Sighting | undefined {
  const text = entry.description ?? ''
  if (LIMITED.test(text) && !ACCEPTED_BUT_REFUSED.test(text)) return undefined
  const base = {source: sourceKey(entry), ...(entry.audience === undefined ? {} : {audience: entry.audience})}
  const dead = facts.secret_dead_at !== undefined && at >= facts.secret_dead_at
  if (showsNewSecret(at, facts) && ACCEPTED_BUT_REFUSED.test(text)) {
    return seen('adoption', entry, 'has the new secret and waits for its grant', base)
  }
  if (isConsumer(entry, facts)) return seen('adoption', entry, 'a consumer from before the leak still uses the old secret', base)
  return seen('tripwire', entry, dead ? 'the old secret was tried and refused' : 'a token was asked for and refused', base)
}

function issued(entry: LogEntry, at: number, facts: WatchFacts): Sighting | undefined {
  const since = containedFrom(facts, entry.audience)
  const base = {source: sourceKey(entry), ...(entry.audience === undefined ? {} : {audience: entry.audience})}
  if (showsNewSecret(at, facts) && isGivenBack(facts, entry.audience, at)) {
    if (!isSuspect(entry, facts)) return seen('adoption', entry, 'got a token with the new secret', base)
    return seen('tripwire', entry, 'a suspect source got a token with the new secret', {
      ...base,
      alarm: true,
      until: untilOf(entry, at, facts),
    })
  }
  if (since === undefined || at <= since) return undefined
  if (facts.changes.some((change) => isAround(at, change))) {
    if (isConsumer(entry, facts))
      return seen('adoption', entry, 'a consumer from before the leak still uses the old secret', base)
    return seen('tripwire', entry, 'a token was given out while the change was still on its way through Auth0', {
      ...base,
      until: untilOf(entry, at, facts),
    })
  }
  return seen('tripwire', entry, 'A TOKEN WAS GIVEN OUT after containment', {
    ...base,
    alarm: true,
    until: untilOf(entry, at, facts),
  })
}

/** Changes by the Management API: who took a token of the client, or works on the client, or blinds the log. */
function change(entry: LogEntry, facts: WatchFacts): Sighting | undefined {
  const path = (entry.request?.path ?? '').split('?')[0] ?? ''
  const [area = '', id = '', part = ''] = path
    .replace(/^\/?api\/v2\//, '')
    .split('/')
    .map(decoded)
  const method = (entry.request?.method ?? '').toUpperCase()
  const suspect = byClient(entry, facts) || isSuspect(entry, facts)
  const by = suspect
    ? 'by a token of the leaked client or a suspect source'
    : `by client ${quoted(entry.client_id ?? 'unknown', 40)}`
  const body = members(members(members(entry.raw)['details'])['request'])['body']
  const made = members(members(members(entry.raw)['details'])['response'])['body']
  if (area === 'log-streams' || area === 'event-streams') {
    return seen('log_stream_paused', entry, `${streamAct(method, members(body))} ${by}`, {
      target: `log_stream:${id === '' ? entry.log_id : id}`,
    })
  }
  if (area === 'client-grants' && method !== 'DELETE') {
    const mine = members(body)['client_id'] === facts.client_id || members(made)['client_id'] === facts.client_id
    const grant = text(members(made)['id']) ?? (id === '' ? undefined : id)
    if (!mine && !suspect) return undefined
    return seen('grant_back', entry, `a client grant was ${method === 'POST' ? 'created' : 'changed'} ${by}`, {
      alarm: mine,
      target: grant === undefined ? `log:${entry.log_id}` : `grant:${grant}`,
    })
  }
  if (area === 'clients' && id === '' && method === 'POST') {
    const client = text(members(made)['client_id'])
    return suspect
      ? seen('new_client', entry, `an application was created ${by}`, {target: `client:${client ?? entry.log_id}`})
      : undefined
  }
  if (area === 'clients' && (id === facts.client_id || suspect) && givesCredential(method, part, members(body))) {
    return seen(
      'new_credential',
      entry,
      `${part === '' ? 'the way in of' : `${part} of`} client ${quoted(id, 40)} was changed ${by}`,
      {
        alarm: id === facts.client_id,
        target: `log:${entry.log_id}`,
      },
    )
  }
  return suspect ? seen('tripwire', entry, `an issued token was used: ${where(entry)}`) : undefined
}

/** Whoever is accepted now has the new secret: the old one is proven dead, and the time is over in which either may be. */
function showsNewSecret(at: number, {secret_dead_at: dead, secret_changed_at: changed = dead}: WatchFacts): boolean {
  return dead !== undefined && changed !== undefined && at >= dead && !mayPrecede(at, changed)
}

/** Who reads a client's secret after it was changed, or after containment, has the new one. */
function readsSecret(entry: LogEntry, facts: WatchFacts): boolean {
  const contained = firstContained(facts)
  const changed = facts.secret_changed_at === undefined ? undefined : earliestEffect(facts.secret_changed_at)
  const since = contained === undefined ? changed : Math.min(contained, changed ?? contained)
  return since !== undefined && Date.parse(entry.date) / 1000 >= since && (entry.accessed_secrets ?? []).includes('client_secret')
}

function secretsOf(entry: LogEntry): string {
  return (entry.accessed_secrets ?? []).map((one) => printable(one, 40)).join(', ') || 'secrets'
}

function streamAct(method: string, body: Members): string {
  if (method === 'DELETE') return 'a log stream was deleted'
  if (method === 'POST') return 'a log stream was created'
  if (text(body['status']) === 'active') return 'a log stream was set active'
  return text(body['status']) === undefined ? 'the settings of a log stream were changed' : 'a log stream was paused'
}

function givesCredential(method: string, part: string, body: Members): boolean {
  if (part === 'credentials' || part === 'rotate-secret') return method !== 'GET' && method !== 'DELETE'
  return (
    part === '' &&
    method === 'PATCH' &&
    ['client_authentication_methods', 'token_endpoint_auth_method', 'client_secret', 'grant_types', 'callbacks'].some(
      (name) => name in body,
    )
  )
}

function byClient(entry: LogEntry, facts: WatchFacts): boolean {
  return entry.client_id === facts.client_id
}

function isSuspect(entry: LogEntry, {suspects}: WatchFacts): boolean {
  const jti = entry.request?.jti ?? entry.access_token_jti
  return (
    (entry.ip !== undefined && suspects.ips.has(entry.ip)) ||
    (entry.fingerprint !== undefined && suspects.fingerprints.has(entry.fingerprint)) ||
    (jti !== undefined && suspects.jtis.has(jti))
  )
}

function isConsumer(entry: LogEntry, facts: WatchFacts): boolean {
  return facts.consumers.has(sourceKey(entry)) && !isSuspect(entry, facts)
}

function untilOf(entry: LogEntry, at: number, facts: WatchFacts): number {
  return at + (facts.lifetimes.get(entry.audience ?? '') ?? MAX_TOKEN_LIFETIME) + SKEW_SECONDS
}

function seen(
  verdict: WatchVerdict,
  entry: LogEntry,
  what: string,
  more: {alarm?: boolean; target?: string; source?: string; audience?: string; until?: number} = {},
): Sighting {
  return {verdict, what, target: `log:${entry.log_id}`, alarm: false, ...more}
}

function where(entry: LogEntry): string {
  return printable(`${(entry.request?.method ?? '').toUpperCase()} ${entry.request?.path ?? ''}`.trim(), 120)
}

type Members = Readonly<Record<string, unknown>>

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
