import assert from 'node:assert/strict'

import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {parseRfc3339} from '../../src/clock.ts'
import {exposureOf} from '../../src/execution/expose.ts'
import {containedAt} from '../../src/incident/exposure-facts.ts'
import type {Exposure} from '../../src/incident/exposure.ts'
import {facts} from './runbooks.ts'

/*
 * A tenant's history as it truly was, and what a responder can see of it: API settings that changed, tokens that were
 * issued, a leak, a containment, a log that begins somewhere. The all clear is held against the truth.
 */

/** A small generator of numbers that gives the same ones for the same seed (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

// As Auth0 documents them, not as the product has them: seconds.
const MAX_TOKEN_LIFETIME = 2_592_000
const PROPAGATION_SECONDS = 30
const SKEW_SECONDS = 60

const START = 1_790_000_000
const DAY = 86_400
const LIFETIMES = [1, 60, 600, 3600, 7200, 86_400, 864_000, 2_592_000]

interface Change {
  /** When the tenant took it, and how many seconds later it was in force everywhere. */
  readonly at: number
  readonly lag: number
  readonly seconds: number
}

interface Api {
  readonly audience: string
  readonly id: string
  readonly first: number
  readonly changes: readonly Change[]
  readonly readable: boolean
}

interface Token {
  readonly api: Api
  readonly at: number
  readonly exp: number
}

/** What can be said of one history. */
export interface Judged {
  readonly exposure: Exposure
  /** True when the log does not rule out a larger lifetime before it, and that decides. */
  readonly older: boolean
  readonly assumed: boolean
}

/**
 * Makes the history of this seed, computes the exposure as the product does, and holds it against the truth.
 *
 * @throws AssertionError naming the seed
 */
export function judgeHistory(seed: number): Judged {
  const next = numbers(seed)
  const among = <T>(values: readonly T[]): T => values[next(values.length)] as T
  const leak = START + next(10 * DAY)
  const changed = leak + 60 + next(among([600, DAY, 5 * DAY]))
  const lag = next(PROPAGATION_SECONDS + 1)
  const refused = changed + lag + next(90)
  const logFrom = among([START - 20 * DAY, START - 20 * DAY, START - 20 * DAY, leak + next(changed - leak)])
  const taken = changed - 1 - next(120)
  const asked = changed + 120 + next(3600)
  const now = asked + next(among([10, 700, 2 * DAY, 40 * DAY]))
  const leakKnown = next(5) > 0
  const apis = Array.from({length: 1 + next(3)}, (_, index) => anApi(next, index, leak, changed))
  const shown = (index: number) => (seed + index) % 4
  const tokens = apis.flatMap((api) => issued(next, api, leak, changed + lag))
  const probes = apis.filter(() => next(8) === 0).map((api) => token(api, changed + next(lag + 1)))

  const settings = apis.flatMap((api) => api.changes.map((one, index) => changeEntry(api, one, shown(index))))
  const noise = apis.filter(() => next(3) === 0).map((api) => renamed(api, leak + next(changed - leak)))
  const snapshot = {
    ...facts().snapshot,
    management_audience: 'https://acme.eu.auth0.com/api/v2/',
    server_time: taken,
    grants: apis.map((api) => ({id: `cgr_${api.id}`, client_id: 'app1', audience: api.audience, scope: []})),
    resource_servers: Object.fromEntries(
      apis.map((api) => [
        api.audience,
        api.readable ? {id: api.id, identifier: api.audience, token_lifetime: settingAt(api, taken)} : null,
      ]),
    ),
    log: tokens.filter((one) => one.at >= logFrom).map(tokenEntry),
    setting_changes: [...settings, ...noise].filter(
      (one) => (parseRfc3339(one.date) ?? 0) >= logFrom && (parseRfc3339(one.date) ?? 0) <= asked,
    ),
  }
  const exposure = exposureOf(
    {snapshot: snapshot as never},
    {
      now,
      kind: 'client-secret',
      containment: new Map(apis.map((api) => [api.audience, {changed_at: changed, first_refusal_at: refused}])),
      probe_tokens: probes.map((one, index) => ({
        audience: one.api.audience,
        issued_at: one.at,
        ...(index % 2 === 0 ? {expires_at: one.exp} : {}),
      })),
      later_lifetimes: Object.fromEntries(apis.filter((api) => api.readable).map((api) => [api.audience, settingAt(api, asked)])),
      ...(leakKnown ? {leaked_at: leak} : {}),
      log: {read_at: asked, oldest_at: logFrom, whole: true},
    },
  )
  const history = {leak, leakKnown, changed, refused, apis, tokens, probes, now, logFrom}
  return hold(`seed ${seed}`, history, exposure)
}

interface History {
  readonly leak: number
  readonly leakKnown: boolean
  readonly changed: number
  readonly refused: number
  readonly apis: readonly Api[]
  readonly tokens: readonly Token[]
  readonly probes: readonly Token[]
  readonly now: number
  readonly logFrom: number
}

function hold(where: string, history: History, exposure: Exposure): Judged {
  const worst = parseRfc3339(exposure.all_clear.worst_case_at) ?? Number.NaN
  const out = [...history.tokens.filter((one) => one.at >= history.leak), ...history.probes]
  const last = Math.max(0, ...out.map((one) => one.exp))
  assert.ok(worst >= last, `${where}: the all clear is ${last - worst} s too early`)
  if (exposure.all_clear.state === 'clear') assert.ok(history.now >= worst, `${where}: clear before its time`)
  else assert.ok(history.now < worst, `${where}: open although its time has come`)

  const contained = containedAt({changed_at: history.changed, first_refusal_at: history.refused})
  const late = history.apis.map((api) => {
    const view = exposure.audiences.find((one) => one.audience === api.audience)
    assert.ok(view, `${where}: ${api.audience} is missing`)
    return contained + (view.lifetime_source === 'assumed_max' ? MAX_TOKEN_LIFETIME : largestIn(api, history, contained))
  })
  // Before the log begins anything may have stood: the longest there is counts, for what was issued until then.
  const unseen = !history.leakKnown || history.logFrom + PROPAGATION_SECONDS > history.leak
  if (unseen) late.push(Math.min(contained, history.logFrom + PROPAGATION_SECONDS) + MAX_TOKEN_LIFETIME)
  const named = exposure.evidence_gaps.some((gap) => gap.code === 'lifetime_history')
  const older = exposure.audiences.some((one) => one.older_until !== undefined)
  assert.equal(named, older, `${where}: the gap and the instant go together`)
  const ruled = parseRfc3339(exposure.all_clear.ruled_at ?? '')
  if (ruled !== undefined)
    assert.ok(older && ruled < worst, `${where}: what the known lifetimes say is earlier, and said only then`)
  if (!unseen) assert.ok(!older, `${where}: 30 days are counted although the log reaches back to the leak`)
  const rule = Math.max(...late, ...history.probes.map((one) => one.exp), ...assumedProbes(history, exposure)) + SKEW_SECONDS
  assert.ok(worst <= rule, `${where}: the all clear is ${worst - rule} s later than the rule`)
  const latest = exposure.audiences.filter((one) => parseRfc3339(one.worst_case_until) === worst)
  const decides = latest.length > 0 && latest.every((one) => one.older_until !== undefined)
  assert.equal(ruled !== undefined, decides, `${where}: where older tokens decide, the rest is said beside it`)
  for (const api of history.apis) checkApi(where, api, history, exposure)
  return {
    exposure,
    older,
    assumed: exposure.audiences.some((one) => one.lifetime_source === 'assumed_max'),
  }
}

/** A lifetime is assumed only where it could not be known; every token that was seen has an expiry that is not too early. */
function checkApi(where: string, api: Api, history: History, exposure: Exposure): void {
  const view = exposure.audiences.find((one) => one.audience === api.audience)
  if (api.readable && api.changes.length === 0)
    assert.equal(view?.lifetime_source, 'tenant', `${where}: assumed although nothing ever changed`)
  if (!api.readable) assert.equal(view?.lifetime_source, 'assumed_max')
  for (const one of view?.tokens ?? []) {
    const at = parseRfc3339(one.issued_at) ?? 0
    const expires = parseRfc3339(one.expires_at) ?? 0
    const truth = history.tokens.find((token) => token.api === api && token.at === at)
    assert.ok(truth, where)
    if (at >= history.logFrom && history.logFrom < history.leak)
      assert.ok(expires >= truth.exp, `${where}: a token outlives its expiry`)
    if (one.assumed) assert.equal(expires, at + MAX_TOKEN_LIFETIME)
  }
}

/** A probe whose `exp` nobody kept counts with the largest lifetime of its API. */
function assumedProbes(history: History, exposure: Exposure): number[] {
  return history.probes.map(
    ({api, at}) => at + (exposure.audiences.find((one) => one.audience === api.audience)?.token_lifetime_seconds ?? 0),
  )
}

function anApi(next: (below: number) => number, index: number, leak: number, changed: number): Api {
  const from = leak - 2 * DAY
  const times = Array.from({length: next(4)}, () => from + next(changed + DAY - from)).sort((a, b) => a - b)
  return {
    audience: `https://api-${index}.example/`,
    id: `rs_${index}`,
    first: LIFETIMES[next(LIFETIMES.length)] ?? 1,
    // Two changes of one API are an hour apart, so that the first is in force before the second.
    changes: times
      .filter((at, i) => i === 0 || at - (times[i - 1] ?? 0) > 3600)
      .map((at) => ({at, lag: next(PROPAGATION_SECONDS + 1), seconds: LIFETIMES[next(LIFETIMES.length)] ?? 1})),
    readable: next(10) > 0,
  }
}

function issued(next: (below: number) => number, api: Api, leak: number, end: number): Token[] {
  const times = Array.from({length: next(12)}, () => leak - DAY + next(end - leak + DAY))
  // The attacker takes his last one in the last second in which he can, and one about each change.
  if (next(2) === 0) times.push(end)
  for (const {at} of api.changes) {
    const near = at - 40 + next(80)
    if (near >= leak && near <= end) times.push(near)
  }
  return [...new Set(times)].map((at) => token(api, at))
}

function token(api: Api, at: number): Token {
  return {api, at, exp: at + lifetimeAt(api, at)}
}

/** What a token gets: a change counts once it is in force. */
function lifetimeAt(api: Api, at: number): number {
  return api.changes.findLast((one) => one.at + one.lag <= at)?.seconds ?? api.first
}

/** What the tenant's setting reads: a change is seen at once. */
function settingAt(api: Api, at: number): number {
  return api.changes.findLast((one) => one.at <= at)?.seconds ?? api.first
}

/** The largest lifetime in force during the exposure; two minutes about it count, and all of it where nobody knows when it leaked. */
function largestIn(api: Api, history: History, contained: number): number {
  const from = history.leakKnown ? history.leak - 120 : -Infinity
  const segments = [{at: -Infinity, seconds: api.first}, ...api.changes]
  return Math.max(
    ...segments
      .filter((one, index) => one.at <= contained + 120 && (segments[index + 1]?.at ?? Infinity) >= from)
      .map((one) => one.seconds),
  )
}

function entry(type: string, at: number, more: object): LogEntry {
  return {log_id: `900${at}${type}`, date: new Date(at * 1000).toISOString(), type, raw: {}, ...more}
}

function tokenEntry({api, at}: Token): LogEntry {
  return entry('seccft', at, {
    client_id: 'app1',
    audience: api.audience,
    access_token_jti: `jti-${api.id}-${at}`,
    ip: '203.0.113.6',
  })
}

/** What the log shows of a change: both bodies, the answer only, the request only, or neither. */
function changeEntry(api: Api, {at, seconds}: Change, shown: number): LogEntry {
  const body = {token_lifetime: seconds}
  return entry('sapi', at, {
    request: {method: 'patch', path: `/api/v2/resource-servers/${api.id}`},
    raw: {
      details: {
        request: shown === 0 || shown === 2 ? {body} : {},
        response: shown === 0 || shown === 1 ? {body: {...body, name: 'x'}} : {},
      },
    },
  })
}

function renamed(api: Api, at: number): LogEntry {
  return entry('sapi', at, {
    request: {method: 'patch', path: `/api/v2/resource-servers/${encodeURIComponent(api.audience)}`},
    raw: {details: {request: {body: {name: 'renamed'}}, response: {body: {name: 'renamed'}}}},
  })
}
