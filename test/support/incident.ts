import assert from 'node:assert/strict'
import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'

import {connect} from '../../src/cli/context.ts'
import type {Connected, Place} from '../../src/cli/context.ts'
import {runIncident} from '../../src/cli/incident-session.ts'
import type {IncidentOptions, Job} from '../../src/cli/incident-job.ts'
import {reportOf} from '../../src/cli/error-report.ts'
import {exitOf} from '../../src/cli/exit-codes.ts'
import {leakedParts} from '../../src/cli/leaked-value.ts'
import {restoreIncident} from '../../src/cli/restore.ts'
import {plannedAudiences} from '../../src/execution/exposed-audiences.ts'
import {incidentState, planOf} from '../../src/execution/incident.ts'
import type {Worked} from '../../src/execution/incident.ts'
import type {LogCaps} from '../../src/execution/log-saver.ts'
import type {Responder} from '../../src/execution/responder.ts'
import type {LeakKind} from '../../src/incident/leak.ts'
import {DEFAULT_CHOICES} from '../../src/incident/policy.ts'
import type {PlanChoices} from '../../src/incident/policy.ts'
import type {IncidentResult} from '../../src/incident/result.ts'
import {compilePlan} from '../../src/runbooks/compile.ts'
import {loadRunbook} from '../../src/runbooks/load.ts'
import {Secret, spellings} from '../../src/secret.ts'
import type {Watch, Watched} from '../../src/simulator/dispatch.ts'
import type {SimulatorOptions} from '../../src/simulator/server.ts'
import type {SimulatedTenant} from '../../src/simulator/tenant.ts'
import {unattendedResponder} from '../../src/terminal/unattended.ts'
import type {StoredRecord} from '../../src/trail/format/record.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {openTrail} from '../../src/cli/context.ts'
import {newHome, practiceTenant, stanch} from './run-stanch.ts'
import type {Home, PracticeTenant, Ran, RunOptions} from './run-stanch.ts'
import {ROOT} from './tree.ts'

/** What a command printed as its document; a member that is missing fails the test that reads it. */
export type Document = IncidentResult & {
  readonly error?: {
    readonly code: string
    readonly exit: number
    readonly hint?: string
    readonly message: string
    readonly incident_id?: string
  }
}

export interface Finished extends Ran {
  readonly document: Document
}

/** A responder's machine, a simulated tenant that refuses every change without a durable intent, and what leaked there. */
export interface Scene {
  readonly home: Home
  readonly simulator: PracticeTenant
  readonly tenant: SimulatedTenant
  readonly client_id: string
  readonly leak: {
    readonly kind: 'client-secret' | 'management-token' | 'private-key'
    readonly value: string
    readonly file: string
  }
  /** The sink of `respond`: where the new secret may be, and nowhere else. */
  readonly sink: string
  /** Every request the tenant saw, in order of arrival. */
  readonly requests: Watched[]
  /** Runs the built binary with this tenant's connection, or another one, and --json. */
  run(argv: readonly string[], options?: RunOptions & {readonly connection?: Readonly<Record<string, string>>}): Promise<Finished>
  /** `respond --yes` with everything it needs, and more words. */
  respond(...more: readonly string[]): Promise<Finished>
  /** Records of the simulated trail. */
  records(): StoredRecord[]
}

/** A request by somebody with the rights for it and without stanch: this tenant asks him for no intent. */
export async function withoutStanch(
  at: Pick<Scene, 'tenant' | 'simulator'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const world = at.tenant.world as unknown as {intentOnDisk: unknown}
  const port = world.intentOnDisk
  world.intentOnDisk = undefined
  try {
    const {client_id} = at.simulator.practice.operator
    const token = at.tenant.issueToken({client_id, scope: 'create:client_grants update:client_grants update:client_keys'})
    const answer = await fetch(`${at.simulator.origin}/api/v2/${path}`, {
      method,
      headers: {'authorization': `Bearer ${token}`, 'content-type': 'application/json'},
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    })
    assert.ok(answer.ok, String(answer.status))
    return (await answer.json()) as Record<string, unknown>
  } finally {
    world.intentOnDisk = port
  }
}

export interface SceneOptions extends Partial<Omit<SimulatorOptions, 'watch'>> {
  readonly watch?: Watch
}

export async function scene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const home = newHome(t)
  const requests: Watched[] = []
  const {watch, ...rest} = options
  const simulator = await practiceTenant(t, home, {
    ...rest,
    watch: (phase, request) => {
      if (phase === 'arrived') requests.push(request)
      return watch?.(phase, request)
    },
  })
  const {leak} = simulator.practice
  const file = path.join(home.folder, 'leaked')
  writeFileSync(file, leak.value, {mode: 0o600})
  const sink = path.join(home.folder, 'new-secret')
  const run: Scene['run'] = async (argv, more = {}) => {
    const ran = await stanch(home, [...argv, '--json'], {
      ...more,
      env: {...(more.connection ?? simulator.connection), ...more.env},
    })
    return {...ran, document: documentOf(ran)}
  }
  return {
    home,
    simulator,
    tenant: simulator.tenant,
    client_id: leak.client_id,
    leak: {kind: leak.kind, value: leak.value, file},
    sink,
    requests,
    run,
    respond: (...more) => {
      const words = ['respond', '--leak', leak.kind, '--client', leak.client_id, '--reason', 'test', '--yes']
      const add = (flag: string, value: string) =>
        more.some((word) => word === flag || word === `--no-${flag.slice(2)}`) ? [] : [flag, value]
      const sinkWords = more.includes('--no-rotate') ? [] : add('--deliver', `file:${sink}`)
      return run([
        ...words,
        ...add('--credential-file', file),
        ...sinkWords,
        ...more.filter((word) => word !== '--no-credential-file'),
      ])
    },
    records: () => [...readTrail(path.join(home.data, 'trail-sim'))],
  }
}

function documentOf(ran: Ran): Document {
  try {
    return ran.json() as unknown as Document
  } catch {
    assert.fail(`no JSON document (exit ${ran.code}): ${ran.stdout.slice(0, 400)} ${ran.stderr.slice(0, 1200)}`)
  }
}

/** The trail is whole, and every change that the tenant saw had its intent on disk when it arrived. */
export function assertTrail(at: Pick<Scene, 'home' | 'tenant'>): void {
  const verified = verifyFolder(path.join(at.home.data, 'trail-sim'))
  assert.equal(verified.ok, true, JSON.stringify(verified.findings.slice(0, 2)))
  assert.equal(at.tenant.unlogged(), 0, 'a change arrived whose intent was not on disk')
  for (const change of at.tenant.changes()) {
    assert.notEqual(change.logged, false, `${change.method} ${change.path}`)
    assert.equal(
      hasIntent(path.join(at.home.data, 'trail-sim'), change.correlation_id ?? ''),
      true,
      `${change.method} ${change.path} has no intent`,
    )
  }
}

/** No secret that the tenant ever had is in the output or in any file but the leak itself and the deliveries named. */
export function assertNoSecrets(at: Scene, ran: readonly Ran[], deliveries: readonly string[] = [at.sink]): void {
  const secrets = at.tenant.knownSecrets().filter((secret) => secret.length >= 8)
  const texts = ran.flatMap((one, index) => [
    {name: `stdout ${index}`, text: one.stdout},
    {name: `stderr ${index}`, text: one.stderr},
  ])
  for (const entry of readdirSync(at.home.folder, {recursive: true, withFileTypes: true})) {
    const file = path.join(entry.parentPath, entry.name)
    if (!entry.isFile() || file === at.leak.file || deliveries.includes(file) || file.startsWith(at.home.cache)) continue
    texts.push({name: file, text: readFileSync(file, 'latin1')})
  }
  for (const secret of secrets)
    for (const form of spellings(secret))
      for (const {name, text} of texts) assert.equal(text.includes(form), false, `a secret of the tenant is in ${name}`)
}

/** What must hold of every document that an incident command prints, whatever happened. */
export function assertInvariants(result: Document): void {
  if (result.status === 'contained') {
    assert.ok(result.proof.length > 0, 'contained without a proof')
    assert.ok(
      result.proof.every((proof) => proof.verdict === 'proven'),
      'contained beside a claim that is not proven',
    )
    assert.ok(
      result.actions.filter((one) => one.kind.startsWith('client_')).every((one) => ['done', 'already'].includes(one.outcome)),
    )
    assert.notEqual(result.delivery?.result, 'failed')
  }
  for (const gap of result.evidence_gaps) assert.ok(gap.code && gap.what && gap.why)
  assert.deepEqual(result.exposure.evidence_gaps, result.evidence_gaps)
  assert.ok(result.next.length > 0, 'there is always a next act')
  assert.match(result.plan_hash, /^[0-9a-f]{64}$/)
  for (const action of result.actions) assert.match(action.target, /^[a-z]+:/)
  if (result.exposure.audiences.some((one) => one.contained_at === undefined))
    assert.equal(result.exposure.all_clear.state, 'open')
}

/** NumericDate at which the last token expires that the tenant ever issued to the suspect client, whoever holds it. */
export function lastTokenOf(at: Pick<Scene, 'tenant' | 'client_id'>): number {
  const lifetimes = new Map(
    at.tenant.resourceServers().map((server) => [String(server['identifier']), Number(server['token_lifetime'] ?? 86_400)]),
  )
  const issued = at.tenant.logs().filter((entry) => entry['type'] === 'seccft' && entry['client_id'] === at.client_id)
  return Math.max(
    0,
    ...issued.map(
      (entry) => Math.floor(Date.parse(String(entry['date'])) / 1000) + (lifetimes.get(String(entry['audience'])) ?? 0),
    ),
  )
}

/** The guided response without a person: the leak of the scene, its client, the sink of the scene. */
export function unattended({leak, client_id, sink}: Scene): string[] {
  const found = ['--leak', leak.kind, '--client', client_id, '--credential-file', leak.file]
  return ['respond', ...found, '--reason', 'x', '--yes', '--deliver', `file:${sink}`]
}

/** Takes the grants that the client has by now, in the same incident. */
export function takeGrants({leak, client_id}: Scene, incident: string): string[] {
  return ['grant', 'delete', '--client', client_id, '--all', '--incident', incident, '--yes', '--credential-file', leak.file]
}

/** Promise 5: never earlier than the last token that lives, never later than the rule allows for the changes that were made. */
export function assertAllClear(
  at: Pick<Scene, 'tenant' | 'client_id'>,
  result: Document,
  latest: 'by the rule' | 'whenever' = 'by the rule',
): void {
  const clear = Date.parse(result.exposure.all_clear.worst_case_at) / 1000
  const last = lastTokenOf(at)
  assert.ok(clear >= last, `all clear ${result.exposure.all_clear.worst_case_at} is ${last - clear} s too early`)
  if (latest === 'whenever') return
  const changed = Math.max(
    ...at.tenant
      .changes()
      .filter((one) => one.effect)
      .map((one) => one.at),
  )
  const lifetime = Math.max(...result.exposure.audiences.map((one) => one.token_lifetime_seconds))
  // Where the log does not reach back to the leak, what was issued before it counts with the longest that Auth0 allows.
  const older = result.exposure.audiences.some((one) => one.older_until !== undefined)
  const begins = Math.min(...at.tenant.logs().map((entry) => Math.floor(Date.parse(String(entry['date'])) / 1000)))
  const unseen = older ? Math.min(changed, begins) + 30 + 2_592_000 : 0
  const latestClear = Math.max(changed + 30 + lifetime, last, unseen) + 60
  assert.ok(clear <= latestClear, `all clear ${result.exposure.all_clear.worst_case_at} is ${clear - latestClear} s too late`)
}

export function outcomes(result: Pick<IncidentResult, 'actions'>, kind: string): string[] {
  return result.actions.filter((one) => one.kind === kind).map((one) => one.outcome)
}

export function verdicts(result: Pick<IncidentResult, 'proof'>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const proof of result.proof) {
    const known = found[proof.claim]
    found[proof.claim] = known === undefined || known === 'proven' ? proof.verdict : known
  }
  return found
}

export function gapCodes(result: Pick<IncidentResult, 'evidence_gaps'>): string[] {
  return [...new Set(result.evidence_gaps.map((gap) => gap.code))].sort()
}

/** The exit status that a command gives for this. */
export function exitCodeOf({result, failure}: Worked): number {
  return failure === undefined ? exitOf(result) : reportOf(failure).exit
}

// The same road without a process around it: for whole matrices, where a child a cell would take minutes.

const CONFIG_FOLDERS = {dataDir: '/nonexistent', configDir: '/nonexistent', cacheDir: '/nonexistent'}

export function placeOf(home: Home): Place {
  return {config: {...CONFIG_FOLDERS, root: ROOT, version: '0.1.0'} as Place['config'], env: {...home.env}, logLevel: 'silent'}
}

export function connectTo(
  t: TestContext,
  at: Pick<Scene, 'home' | 'simulator'>,
  credential = at.simulator.practice.operator,
): Promise<Connected> {
  const connected = connect(placeOf(at.home), {
    domain: at.simulator.origin,
    credential: {kind: 'secret', client_id: credential.client_id, secret: new Secret(credential.client_secret), method: 'post'},
    from: {domain: 'a test', credential: 'a test'},
    warnings: [],
    missing: [],
  } as Parameters<typeof connect>[1])
  t.after(async () => (await connected).close())
  return connected
}

/** As `connectTo`, by a ready-made token of these scopes. */
export function connectByToken(
  t: TestContext,
  at: Pick<Scene, 'home' | 'simulator'>,
  scopes: readonly string[],
): Promise<Connected> {
  const {client_id} = at.simulator.practice.operator
  const connected = connect(placeOf(at.home), {
    domain: at.simulator.origin,
    credential: {kind: 'token', token: new Secret(at.simulator.tenant.issueToken({client_id, scope: scopes.join(' ')}))},
    from: {domain: 'a test', credential: 'a test'},
    warnings: [],
    missing: [],
  } as Parameters<typeof connect>[1])
  t.after(async () => (await connected).close())
  return connected
}

/** Says yes to the plan and gives the safe answer to everything else. */
export function consenting(answers: Record<string, string> = {'plan.confirm': 'yes'}): Responder {
  return unattendedResponder({progress: {notify: () => {}}, answers})
}

export interface InProcess {
  readonly choices?: Partial<PlanChoices>
  readonly leaked?: boolean
  readonly options?: Partial<IncidentOptions>
  readonly responder?: Responder
  readonly connected?: Connected
  readonly sink?: string | undefined
  readonly interruption?: {requested: boolean}
  readonly credential?: {readonly client_id: string; readonly client_secret: string}
  readonly log_caps?: LogCaps
}

const OPTIONS: IncidentOptions = {reason: 'test', dry_run: false, max_actions: 25, include_own: false}

async function jobOf(t: TestContext, at: Scene, how: InProcess): Promise<Omit<Job, 'plan' | 'leak' | 'choices'>> {
  const connected = how.connected ?? (await connectTo(t, at, how.credential))
  return {
    place: placeOf(at.home),
    connected,
    responder: how.responder ?? consenting(),
    options: {...OPTIONS, ...how.options},
    client_id: at.client_id,
    ...(how.leaked === false
      ? {}
      : await leakedParts(connected, at.leak.kind as LeakKind, at.client_id, new Secret(at.leak.value))),
    sink: {kind: 'file', path: how.sink ?? at.sink},
    interruption: how.interruption ?? {requested: false},
    ...(how.log_caps ? {log_caps: how.log_caps} : {}),
  }
}

/** `respond` in this process. */
export async function respond(t: TestContext, at: Scene, how: InProcess = {}): Promise<Worked> {
  const choices = {...DEFAULT_CHOICES, ...how.choices}
  const kind = at.leak.kind as LeakKind
  const runbook = await loadRunbook(kind, path.join(ROOT, 'runbooks'))
  return runIncident({...(await jobOf(t, at, how)), leak: kind, choices, plan: (facts) => compilePlan(runbook, facts, choices)})
}

/** `resume` in this process. */
export async function resume(t: TestContext, at: Scene, incident: string, how: InProcess = {}): Promise<Worked> {
  const job = await jobOf(t, at, how)
  const trail = await openTrail(job.place, 'sim')
  const state = incidentState(trail, incident)
  const plan = planOf(trail, state)
  trail.close('read')
  return runIncident({
    ...job,
    options: {...job.options, incident},
    leak: plan.leak,
    choices: DEFAULT_CHOICES,
    fixed: true,
    resumes: true,
    audiences: plannedAudiences(plan),
    state,
    plan: () => plan,
  })
}

/** `grant restore` in this process. */
export async function restore(
  t: TestContext,
  at: Scene,
  incident: string,
  how: InProcess & {beforeAllClear?: boolean} = {},
): Promise<Worked> {
  const {connected, place, responder, options, interruption} = await jobOf(t, at, how)
  return restoreIncident({
    place,
    connected,
    incident,
    beforeAllClear: how.beforeAllClear ?? false,
    responder,
    options,
    interruption,
    onIncident: () => {},
  })
}
