import {rfc3339Millis} from '../../clock.ts'
import {datedEntries, expectedType, sameRequest, SECRET_READ, TOKEN, whatOf, WRITE} from './entries.ts'
import type {Dated} from './entries.ts'
import {GRACE_SECONDS, SHORTEST_RETENTION_SECONDS} from './facts.ts'
import type {Reconciliation, ReconcileFacts, ReconcileFinding, RecordedIntent} from './facts.ts'
import {fitsByTime, isOpen, judgeById, judgeEntry, mustBeLogged} from './match.ts'
import type {Judge} from './match.ts'
import {TenantTime} from './tenant-time.ts'
import type {Span} from './tenant-time.ts'
import {unaccounted} from './tokens.ts'

const OURS = 'stanch-'
const GRACE_MS = GRACE_SECONDS * 1000
/** Changes by others are listed up to here; a busy tenant has thousands. */
const MAX_OTHERS = 500

/**
 * The trail against the tenant's own log, both ways: what was recorded must have been logged, and what was logged of the
 * responder's clients must have been recorded. By correlation id first; without one by method, path, client and time.
 *
 * @see the audit format, section 11
 */
export function reconcile(facts: ReconcileFacts): Reconciliation {
  const {recorded, window} = facts
  const time = new TenantTime(recorded.intents, {at: facts.machine_now, offset: facts.offset_now})
  const judge = judgeOf(facts, time)
  const entries = datedEntries(facts.entries)
  const claimed = new Set<Dated>()
  const findings: ReconcileFinding[] = []
  const answered = new Set<RecordedIntent>()
  const inWindow = (intent: RecordedIntent) => {
    const {earliest, latest} = time.of(intent.at)
    return latest >= window.from && earliest <= window.to
  }

  const byId = idsOf(recorded.intents)
  for (const [id, group] of groupedById(entries)) {
    const intent = byId.get(id)
    for (const one of group) claimed.add(one)
    if (intent) {
      answered.add(intent)
      findings.push(...judgeById(judge, intent, group))
    } else if (!facts.peers.correlation_ids.has(id)) findings.push(...group.map(unknownId))
  }

  const keeps = new Set(entries.flatMap((one) => (byId.has(one.entry.correlation_id ?? '') ? [one.entry.type] : [])))
  const asked = recorded.intents.filter(inWindow)
  let matched = 0
  for (const intent of asked) {
    const found = answered.has(intent) ? undefined : findByTime(judge, intent, entries, claimed, keeps)
    if (found) {
      claimed.add(found)
      answered.add(intent)
      findings.push(...judgeEntry(judge, intent, found))
    }
    if (!answered.has(intent)) {
      const absence = absent(facts, intent, time.of(intent.at), entries)
      if (absence) findings.push(absence)
    }
    if (!findings.some((one) => one.seq === intent.seq)) matched++
  }

  findings.push(
    ...unrecorded(
      facts,
      time,
      entries.filter((one) => !claimed.has(one) && one.at >= window.from),
    ),
  )
  const coverage = coverageOf(facts)
  return {
    matched,
    findings: [...findings, ...coverage.findings],
    window: {
      from: rfc3339Millis(window.from),
      to: rfc3339Millis(window.to),
      covered_to: rfc3339Millis(coverage.covered_to),
    },
    complete: ![...findings, ...coverage.findings].some(({code}) => code === 'TOO_EARLY' || code === 'BEYOND_RETENTION'),
  }
}

function judgeOf(facts: ReconcileFacts, time: TenantTime): Judge {
  const own = ownClients(facts)
  const nobody = {clients: own, jtis: new Set<string>()}
  const bySession = new Map<string, {clients: Set<string>; jtis: Set<string>}>()
  for (const token of facts.recorded.tokens) {
    const actors = bySession.get(token.sid) ?? {clients: new Set<string>(), jtis: new Set<string>()}
    actors.clients.add(token.client_id)
    if (token.jti !== undefined) actors.jtis.add(token.jti)
    bySession.set(token.sid, actors)
  }
  // A session with a token whose jti nobody saw may have used that one.
  for (const token of facts.recorded.tokens) if (token.jti === undefined) bySession.get(token.sid)?.jtis.clear()
  return {
    moments: (intent) => ({begun: time.of(intent.at), ended: time.of(intent.outcome?.at ?? intent.at)}),
    actors: (sid) => bySession.get(sid) ?? nobody,
    suspects: new Set(facts.suspects),
  }
}

function ownClients({recorded, peers, own_client}: ReconcileFacts): Set<string> {
  const all = [...recorded.tokens, ...peers.tokens].map(({client_id}) => client_id)
  return new Set([...all, ...(own_client === undefined ? [] : [own_client])].filter((id) => id !== '' && id !== 'none'))
}

function idsOf(intents: readonly RecordedIntent[]): Map<string, RecordedIntent> {
  return new Map(intents.map((intent) => [intent.correlation_id, intent]))
}

function groupedById(entries: readonly Dated[]): Map<string, Dated[]> {
  const groups = new Map<string, Dated[]>()
  for (const one of entries) {
    const id = one.entry.correlation_id
    if (id?.startsWith(OURS)) groups.set(id, [...(groups.get(id) ?? []), one])
  }
  return groups
}

function unknownId(one: Dated): ReconcileFinding {
  return {
    code: 'UNKNOWN_STANCH_ID',
    log_id: one.entry.log_id,
    detail: `${whatOf(one.entry)} by client ${one.entry.client_id ?? 'unknown'} carries an id of stanch that no log at hand has: a trail is missing or was cut`,
  }
}

/** Where the tenant keeps our ids, an entry without one is not ours. Token requests carry none. */
function findByTime(
  judge: Judge,
  intent: RecordedIntent,
  entries: readonly Dated[],
  claimed: ReadonlySet<Dated>,
  keeps: ReadonlySet<string>,
): Dated | undefined {
  const type = expectedType(intent)
  if (type !== TOKEN && keeps.has(type)) return undefined
  if (type === TOKEN ? !mustBeLogged(intent) : !mustBeLogged(intent) && !isOpen(intent)) return undefined
  return entries.find(
    (one) =>
      !claimed.has(one) && one.entry.correlation_id === undefined && one.entry.type === type && fitsByTime(judge, intent, one),
  )
}

function absent(
  facts: ReconcileFacts,
  intent: RecordedIntent,
  begun: Span,
  entries: readonly Dated[],
): ReconcileFinding | undefined {
  const open = isOpen(intent)
  if (!open && !mustBeLogged(intent)) return undefined
  const what = `${intent.action} on ${intent.target}`
  if (begun.latest < readableSince(facts)) {
    return {code: 'BEYOND_RETENTION', seq: intent.seq, detail: `${what}: the tenant's log does not reach back that far`}
  }
  if (!facts.fetched_all || facts.fetched_at < Math.min(begun.latest, facts.window.to) + GRACE_MS) {
    return {code: 'TOO_EARLY', seq: intent.seq, detail: `${what}: no entry yet; it may still come`}
  }
  if (open) return {code: 'SETTLE_NOT_DONE', seq: intent.seq, detail: `${what} has no answer, and the tenant logged nothing`}
  // Settled by looking: what was found may be the work of somebody whose own entry is there.
  const elsewhere =
    intent.outcome?.result !== 'ok' && entries.some((one) => one.entry.type === WRITE && sameRequest(intent, one.entry))
  if (elsewhere) return undefined
  return {code: 'NO_TENANT_ENTRY', seq: intent.seq, detail: `${what} was done by our record, and the tenant logged nothing`}
}

/** Entries that no intent claims: writes and reads of secrets by our clients, tokens nobody recorded, and others' changes. */
function unrecorded(facts: ReconcileFacts, time: TenantTime, left: readonly Dated[]): ReconcileFinding[] {
  const own = ownClients(facts)
  const isOwn = ({entry}: Dated) => entry.client_id !== undefined && own.has(entry.client_id)
  const findings: ReconcileFinding[] = []
  for (const one of left.filter(isOwn)) {
    const {entry} = one
    const at = {
      log_id: entry.log_id,
      detail: `${whatOf(entry)} by our client ${entry.client_id}${from(one)}, without an intent of ours`,
    }
    if (entry.type === WRITE) findings.push({code: 'WRITE_WITHOUT_AUDIT', ...at})
    if (entry.type === SECRET_READ) findings.push({code: 'SECRET_READ_WITHOUT_AUDIT', ...at})
  }
  const issued = left.filter((one) => isOwn(one) && one.entry.type === TOKEN)
  const records = [...facts.recorded.tokens, ...facts.peers.tokens]
  // A log cannot speak of tokens from before it began.
  const since = time.of(facts.recorded.opened_at).latest
  for (const one of unaccounted(issued, records, time, facts.token_lifetime).filter(({at}) => at >= since)) {
    findings.push({
      code: 'TOKEN_WITHOUT_AUDIT',
      log_id: one.entry.log_id,
      detail: `a token for ${one.entry.audience ?? 'an unknown API'} was issued to our client ${one.entry.client_id}${from(one)}, and no record of ours has it`,
    })
  }
  const others = left.filter((one) => !isOwn(one) && one.entry.type === WRITE)
  for (const one of others.slice(0, MAX_OTHERS)) {
    const who = one.entry.request?.user_email ?? `client ${one.entry.client_id ?? 'unknown'}`
    findings.push({code: 'OTHER_ACTOR', log_id: one.entry.log_id, detail: `${whatOf(one.entry)} by ${who}`})
  }
  if (others.length > MAX_OTHERS)
    findings.push({code: 'OTHER_ACTOR', detail: `and ${others.length - MAX_OTHERS} more changes by others`})
  return findings
}

function from({entry}: Dated): string {
  const ip = entry.request?.ip ?? entry.ip
  return ip === undefined ? '' : ` from ${ip}`
}

/** Tenant time, milliseconds, before which nothing can be said: by the plan's retention, else by the oldest entry. */
function readableSince({fetched_at, retention_days, oldest_at}: ReconcileFacts): number {
  if (retention_days !== undefined) return fetched_at - retention_days * 86_400_000
  const always = fetched_at - SHORTEST_RETENTION_SECONDS * 1000
  return oldest_at === undefined ? always : Math.min(always, oldest_at)
}

function coverageOf(facts: ReconcileFacts): {covered_to: number; findings: ReconcileFinding[]} {
  const {window, fetched_at, fetched_all} = facts
  const last = facts.entries.reduce((latest, {date}) => Math.max(latest, Date.parse(date) || 0), 0)
  const covered_to = (fetched_all ? fetched_at : Math.min(fetched_at, last)) - GRACE_MS
  const findings: ReconcileFinding[] = []
  const since = readableSince(facts)
  if (window.from < since) {
    findings.push({
      code: 'BEYOND_RETENTION',
      detail: `the window begins at ${rfc3339Millis(window.from)}; the tenant's log can be read from ${rfc3339Millis(since)} on`,
    })
  }
  if (covered_to < window.to) {
    findings.push({
      code: 'TOO_EARLY',
      detail: fetched_all
        ? `entries of the last ${GRACE_SECONDS / 60} minutes may still come; covered to ${rfc3339Millis(covered_to)}`
        : `the log has more entries than were fetched; covered to ${rfc3339Millis(covered_to)}`,
    })
  }
  return {covered_to, findings}
}
