import {rfc3339Millis} from '../clock.ts'
import type {Clock} from '../clock.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {StanchError} from '../errors.ts'
import {GRACE_SECONDS} from '../incident/reconcile/facts.ts'
import type {Peers, Recorded, RecordedIntent, Reconciliation} from '../incident/reconcile/facts.ts'
import {reconcile} from '../incident/reconcile/reconcile.ts'
import {tenantAnchor} from '../incident/reconcile/tenant-anchor.ts'
import type {TenantAnchor} from '../incident/reconcile/tenant-anchor.ts'
import {TenantTime} from '../incident/reconcile/tenant-time.ts'
import {withoutSecretShapes} from '../secret.ts'
import {recordAnchor} from '../trail/anchors.ts'
import type {Draft, Trail} from '../trail/trail.ts'
import {printable} from '../untrusted.ts'
import {IncidentTrail} from './incident-trail.ts'
import {readCurrentSecret} from './read-secret.ts'
import {recordedOf} from './recorded.ts'
import type {Responder} from './responder.ts'
import {fetchLog} from './tenant-log.ts'

/** One wait at most, seconds; in between an interruption is looked at. */
const STEP_SECONDS = 30
/** The window begins this long before the incident's first record, milliseconds: its first token came before it. */
const BEFORE_OPEN_MS = 60_000
/** Findings that fit into one record; the whole list is in the evidence. */
const MAX_RECORDED = 300

export interface ReconcileRun {
  readonly tenant: Tenant
  readonly trail: Trail
  readonly responder: Pick<Responder, 'notify'>
  /** Tenant time and waits. */
  readonly clock: Clock
  /** The machine's clock: what the records' times are by. */
  readonly machine: Clock
  readonly interruption: {readonly requested: boolean}
}

export interface ReconcileRequest {
  readonly incident?: string
  /** How the record names the incident: a closed one takes no more records of its own. */
  readonly about?: {readonly inc?: string; readonly target: string}
  /** NumericDate, tenant time. Default: the incident's beginning, else the log's. */
  readonly since?: number
  /** Wait until nothing in the window can still be late. */
  readonly wait: boolean
  /** The window reaches to this moment, not only to our own latest act: what others did in the last minutes counts, too. */
  readonly up_to_now?: boolean
  readonly retention_days?: number
  readonly peers: Peers
}

/**
 * Compares the trail with the tenant's own log, writes the late answers that it gives, and a `reconcile` record.
 *
 * @throws interrupted while it waits; auth0.scope_missing without read:logs
 */
export async function reconcileTrail(run: ReconcileRun, request: ReconcileRequest): Promise<Reconciliation> {
  const host = run.tenant.origin.host
  const operator = await run.tenant.operator()
  const scope = scopeOf(run, request, host)
  await waitFor(run, request, scope.window.to + GRACE_SECONDS * 1000)
  const fetched = await fetchLog(run.tenant, run.trail, scope.window.from, () => run.interruption.requested)
  const facts = {
    recorded: scope.recorded,
    peers: request.peers,
    ...(operator.client_id === undefined ? {} : {own_client: operator.client_id}),
    entries: fetched.entries,
    window: scope.window,
    fetched_at: run.clock.now(),
    fetched_all: fetched.all,
    ...(fetched.oldest_at === undefined ? {} : {oldest_at: fetched.oldest_at}),
    ...(request.retention_days === undefined ? {} : {retention_days: request.retention_days}),
    offset_now: run.clock.now() - run.machine.now(),
    machine_now: run.machine.now(),
    ...lifetimeOf(run, operator.exp),
    suspects: scope.suspects,
  }
  const found = reconcile(facts)
  const settled = await settleFound(run, request, scope.recorded.intents, found)
  writeDown(run, request, host, settled, fetched.evidence)
  anchorInTenant(run, request, host, tenantAnchor(facts, settled))
  return settled
}

interface Scope {
  readonly recorded: Recorded
  readonly window: {readonly from: number; readonly to: number}
  readonly suspects: readonly string[]
}

/** What is compared: all that the log says about this tenant, and the window, in tenant time. */
function scopeOf(run: ReconcileRun, request: ReconcileRequest, host: string): Scope {
  const recorded = recordedOf(run.trail.records(), host)
  const now = run.clock.now()
  const time = new TenantTime(recorded.intents, {at: run.machine.now(), offset: now - run.machine.now()})
  const suspects = new Set<string>()
  let opened = recorded.opened_at
  if (request.incident !== undefined) {
    for (const record of run.trail.records({inc: request.incident})) {
      if (record.kind === 'incident.open') opened = Date.parse(record.time)
    }
  }
  for (const record of run.trail.records()) {
    if (record.kind !== 'incident.open' || record['tenant'] !== host) continue
    const target = record['target']
    if (typeof target === 'string' && target.startsWith('client:')) suspects.add(target.slice('client:'.length))
  }
  const from = request.since === undefined ? time.of(opened).earliest - BEFORE_OPEN_MS : request.since * 1000
  // What is older than the grace is covered as it stands; only our own latest acts ask for a wait.
  const last = recorded.intents.reduce((at, intent) => Math.max(at, time.of(intent.outcome?.at ?? intent.at).latest), 0)
  const covered = request.up_to_now === true ? now : now - GRACE_SECONDS * 1000
  const to = Math.max(from, covered, Math.min(last, now))
  return {recorded, window: {from, to}, suspects: [...suspects]}
}

async function waitFor(run: ReconcileRun, request: ReconcileRequest, until: number): Promise<void> {
  while (request.wait && run.clock.now() < until) {
    if (run.interruption.requested)
      throw new StanchError('interrupted', 'Interrupted while waiting for the tenant log.', {
        hint: 'Nothing was changed. Without --wait it says what is known by now.',
      })
    const left = Math.ceil((until - run.clock.now()) / 1000)
    run.responder.notify({kind: 'waits', why: 'entries of the tenant log may be late', seconds_left: left})
    await run.clock.sleep(Math.min(STEP_SECONDS, left))
  }
}

/** Lifetime of the responder's own tokens: that of the one in hand. */
function lifetimeOf(run: ReconcileRun, exp: number | undefined): {token_lifetime?: number} {
  const lifetime = run.tenant.minted().find((one) => one.exp === exp)?.lifetime
  return lifetime === undefined ? {} : {token_lifetime: lifetime}
}

/** Writes the late answers. "Not done" only when the tenant's state says so, too; else it stays open for `resume`. */
async function settleFound(
  run: ReconcileRun,
  request: ReconcileRequest,
  intents: readonly RecordedIntent[],
  found: Reconciliation,
): Promise<Reconciliation> {
  const findings = [...found.findings]
  for (const [index, finding] of findings.entries()) {
    const intent = intents.find(({seq}) => seq === finding.seq)
    if (!intent) continue
    if (finding.code === 'SETTLE_OK') settle(run, intent, 'ok', {log_id: finding.log_id ?? null})
    if (finding.code !== 'SETTLE_NOT_DONE') continue
    const state = await stateOf(run, intent)
    if (state === 'not_done') settle(run, intent, 'not_done', {entries: 0, state: 'looked at'})
    else if (state === 'done') {
      findings[index] = {
        ...finding,
        code: 'NO_TENANT_ENTRY',
        detail: `${intent.action} on ${intent.target} has no answer; the tenant shows it done but logged nothing`,
      }
    } else {
      findings[index] = {
        ...finding,
        detail: `${finding.detail}; the state cannot be read here: stanch resume ${intent.inc ?? request.incident ?? ''}`.trim(),
      }
    }
  }
  return {...found, findings}
}

function settle(run: ReconcileRun, intent: RecordedIntent, result: 'ok' | 'not_done', evidence: unknown): void {
  const {op, seq, target} = intent
  const sha256 = run.trail.putEvidence(withoutSecretShapes(JSON.stringify(evidence)))
  run.trail.append({
    kind: 'settle',
    ...(intent.inc === undefined ? {} : {inc: intent.inc}),
    tenant: run.tenant.origin.host,
    target,
    op,
    intent: seq,
    result,
    by: 'tenant-log',
    evidence: sha256,
  })
}

/** What the tenant itself shows about an operation without an answer. */
async function stateOf(run: ReconcileRun, intent: RecordedIntent): Promise<'done' | 'not_done' | 'unknown'> {
  switch (intent.action) {
    case 'client_secret.read':
    case 'log_streams.read':
    case 'token.request':
      return 'not_done'
    case 'client_grant.delete':
      return (await run.tenant.getClientGrant(intent.target.slice('grant:'.length))) === undefined ? 'done' : 'not_done'
    case 'client_secret.rotate':
    case 'client_secret.set': {
      if (intent.before === undefined || intent.inc === undefined) return 'unknown'
      const journal = new IncidentTrail(run.trail, intent.inc, run.tenant.origin.host, run.machine)
      const read = await readCurrentSecret(
        {tenant: run.tenant, journal},
        {},
        intent.target.slice('client:'.length),
        'did the rotation without an answer take effect?',
      )
      return read === undefined ? 'unknown' : read.fingerprint === intent.before ? 'not_done' : 'done'
    }
    default:
      return 'unknown'
  }
}

function writeDown(
  run: ReconcileRun,
  request: ReconcileRequest,
  host: string,
  found: Reconciliation,
  pages: readonly string[],
): void {
  const whole = run.trail.putEvidence(
    withoutSecretShapes(JSON.stringify({at: rfc3339Millis(run.machine.now()), tenant: host, pages, ...found})),
  )
  const draft: Draft = {
    kind: 'reconcile',
    ...request.about,
    tenant: host,
    from: found.window.from,
    to: found.window.to,
    covered_to: found.window.covered_to,
    matched: found.matched,
    findings: found.findings.slice(0, MAX_RECORDED).map(({code, seq, log_id}) => ({
      code,
      ...(seq === undefined ? {} : {seq}),
      ...(log_id === undefined ? {} : {log_id: withoutSecretShapes(printable(log_id, 80))}),
    })),
    evidence: [whole, ...pages.slice(0, MAX_RECORDED)],
  }
  run.trail.append(draft)
  run.trail.checkpoint()
}

/** The tenant's log holds what nobody here can change: its newest entry of ours anchors the trail up to that intent, once. */
function anchorInTenant(run: ReconcileRun, {about}: ReconcileRequest, host: string, found: TenantAnchor | undefined): void {
  if (!found) return
  const size = found.seq + 1
  for (const {kind, type, size: earlier} of run.trail.records())
    if (kind === 'anchor' && type === 'tenant' && Number(earlier) >= size) return
  const {log_id, date} = found.entry
  const receipt = {tenant: host, log_id, date, correlation_id: found.correlation_id, intent: found.seq}
  recordAnchor(
    run.trail,
    {size, root: run.trail.rootAt(size)},
    'tenant',
    withoutSecretShapes(`${JSON.stringify(receipt)}\n`),
    about,
  )
}
