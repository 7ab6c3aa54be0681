import {parseMoment} from './moment.ts'
import {runIncident} from './incident-session.ts'
import type {Connected, Place} from './context.ts'
import {reachScreen, standing, type Screen} from './reach-screen.ts'
import {runbookFor} from './runbook-folder.ts'
import {leakedParts} from './leaked-value.ts'
import type {LeakedParts} from './leaked-value.ts'
import {allIncidents} from './incidents.ts'
import type {IncidentOptions, Job} from './incident-job.ts'
import {patiently} from './patience.ts'
import {humanDuration, rfc3339, systemClock} from '../clock.ts'
import type {Sink} from '../delivery/sink.ts'
import {isCode, StanchError} from '../errors.ts'
import {observe} from '../execution/observe.ts'
import type {Worked} from '../execution/incident.ts'
import type {ChoiceDecision, Responder, TextDecision} from '../execution/responder.ts'
import type {LeakKind} from '../incident/leak.ts'
import {refuseOwnClient, refuseSecondIncident, stepsWithoutScope} from '../incident/guardrails.ts'
import {tokenCouldReadSecrets} from '../incident/policy.ts'
import type {PlanChoices, PlanFacts} from '../incident/policy.ts'
import type {Plan} from '../incident/plan.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {Secret} from '../secret.ts'
import {wholeScreen} from '../terminal/question.ts'
import {printable} from '../untrusted.ts'

/** What is known when the tenant comes into play. */
export interface GuidedJob {
  readonly place: Place
  readonly connected: Connected
  readonly responder: Responder
  readonly leak: LeakKind
  readonly client_id: string
  readonly leaked?: Secret
  readonly sink?: Sink
  readonly showOnTerminal?: (secret: Secret) => Promise<void>
  readonly interruption: {requested: boolean}
  readonly options: IncidentOptions
  readonly runbook?: string
  readonly choices: PlanChoices
  /** False when flags chose the way already. */
  readonly asks_way: boolean
  readonly onIncident: (id: string) => void
  /** What is to stand in the record of the incident from before it was opened. */
  readonly known?: Job['known']
}

/** The guided flow from the tenant on: what it can do, when, which way, the plan, one confirmation; then the one road. */
export async function guidedIncident(job: GuidedJob): Promise<Worked> {
  const {connected, responder} = job
  const incidents = allIncidents(job.place, [connected.mode]).map((one) => one.state)
  refuseSecondIncident(job.client_id, connected.origin.host, incidents, job.options.incident)
  const {leaked, leaked_token: token, value} = await believed(job)
  const [snapshot, alive] = await patiently(
    'looking at the tenant',
    Promise.all([
      observe(connected.tenant, job.client_id, connected.mode, connected.clock),
      standing(connected, job.leak, job.client_id, value),
    ]),
    (text) => responder.notify({kind: 'note', text}),
  )
  refuseOwnClient(snapshot, job.options.include_own)
  const facts: PlanFacts = {snapshot, ...(token ? {leaked_token: token} : {})}
  // Connections stay warm while the human reads.
  void connected.tenant.warm()
  // Who, what it can do and until when: above the question about when, else a screen of its own.
  const reach = reachScreen(connected, job.leak, facts, alive)
  if (job.options.leaked_at !== undefined) responder.notify({kind: 'screen', lines: wholeScreen({screen: reach})})
  const when = await askWhen(job, snapshot, reach)
  const choices = job.asks_way ? await askWay(job, facts) : job.choices
  const runbook = await runbookFor(job.place.config.root, job.leak, job.runbook)
  const {compilePlan} = await import('../runbooks/compile.ts')
  const worked = await runIncident({
    place: job.place,
    connected,
    responder,
    options: {
      ...job.options,
      leaked_at: when.leaked_at,
      aware_at: when.aware_at,
    },
    leak: job.leak,
    client_id: job.client_id,
    choices,
    ...(value ? {value} : {}),
    ...(leaked ? {leaked} : {}),
    ...(token ? {leaked_token: token} : {}),
    ...(job.sink ? {sink: job.sink} : {}),
    ...(job.showOnTerminal ? {showOnTerminal: job.showOnTerminal} : {}),
    known: [
      ...(job.known ?? []),
      ...(alive ? [{action: 'credential.alive', finding: alive.reason, verdict: alive.verdict}] : []),
    ],
    interruption: job.interruption,
    plan: (found) => compilePlan(runbook, found, choices),
    beforeConfirm: (found, plan) => warnOfMissingScopes(responder, found, plan),
    onIncident: job.onIncident,
  })
  return (await offerRestore(job, worked)) ?? worked
}

/**
 * Once the old secret is proven dead and the new one accepted, the grants can be given back: custom APIs first, the
 * Management API last. Not while an issued token could undo the containment, and never unasked.
 */
async function offerRestore(job: GuidedJob, worked: Worked): Promise<Worked | undefined> {
  const {result} = worked
  const proven = (claim: string) => result.proof.some((proof) => proof.claim === claim && proof.verdict === 'proven')
  const taken = result.actions.filter((action) => action.kind === 'client_grant.delete' && action.outcome === 'done')
  const reopening = result.evidence_gaps.some((gap) => gap.code === 'token_can_reopen')
  if (worked.failure !== undefined || job.interruption.requested || taken.length === 0 || reopening) return undefined
  if (!proven('old_secret_refused') || !proven('new_secret_accepted') || result.incident_id === undefined) return undefined
  const {incident_id} = result
  let now = false
  try {
    now = await job.responder.decide({
      id: 'restore.now',
      kind: 'confirm',
      ask: `The old secret is dead and the new one works. Give the ${taken.length} grant(s) back now?`,
      screen: [
        standingLine(result),
        'What comes back: the same scopes and organisation ties, custom APIs first, the Management API last.',
        'What does not: the ids of the grants.',
        'Grants that were made or changed since the leak are left out, and named before you confirm.',
      ],
      why: 'Say no until every user of this client runs with the new secret. Without grants they get no tokens.',
      effect: 'The plan of the restore is shown, with one confirmation.',
      undo: 'stanch grant delete',
      unattended: false,
    })
  } catch (error) {
    // Everything is done and on record; a Ctrl-C here only means: not now.
    if (!isCode(error, 'interrupted')) throw error
  }
  if (!now) return undefined
  const {restoreIncident} = await import('./restore.ts')
  let restored: Worked
  try {
    restored = await restoreIncident({
      place: job.place,
      connected: job.connected,
      incident: incident_id,
      beforeAllClear: false,
      responder: job.responder,
      options: {...job.options, incident: incident_id},
      interruption: job.interruption,
      onIncident: job.onIncident,
    })
  } catch (error) {
    if (!isCode(error, 'guard.grant_doubted')) throw error
    const {message, hint} = error as StanchError
    job.responder.notify({kind: 'warning', text: `${message} ${hint ?? ''}`})
    return undefined
  }
  // The containment stays the account of this run, less what was true only while the grants were gone.
  const proof = result.proof.filter((one) => one.claim === 'old_secret_refused' || one.claim === 'new_secret_accepted')
  return {
    ...restored,
    result: {
      ...restored.result,
      proof,
      actions: [...result.actions, ...restored.result.actions],
      ...(result.delivery ? {delivery: result.delivery} : {}),
    },
  }
}

/** A token that the tenant's keys do not vouch for says nothing about this tenant: it is put aside, and that is said. */
async function believed(job: GuidedJob): Promise<LeakedParts> {
  try {
    return await leakedParts(job.connected, job.leak, job.client_id, job.leaked)
  } catch (error) {
    if (!isCode(error, 'input.invalid')) throw error
    job.responder.notify({
      kind: 'warning',
      text: `${(error as StanchError).message} Going on without it: the longest lifetimes count.`,
    })
    return job.leaked ? {value: job.leaked} : {}
  }
}

/** Where the incident stands, in one line: the verdict, and how long issued tokens still work. */
function standingLine(result: Worked['result']): string {
  const {all_clear: clear, computed_at: at} = result.exposure
  const left = Math.max(0, Math.ceil((Date.parse(clear.worst_case_at) - Date.parse(at)) / 1000))
  const until = clear.state === 'clear' ? 'all clear' : `all clear in ${humanDuration(left)}, at ${clear.worst_case_at}`
  const tenant = `${result.simulated ? 'SIMULATED' : 'REAL'} tenant`
  return `${tenant}, ${result.status === 'contained' ? 'CONTAINED' : result.status.toUpperCase()}; ${until}.`
}

/** When it leaked and when we knew, in one question. */
async function askWhen(job: GuidedJob, snapshot: TenantSnapshot, screen: Screen): Promise<{leaked_at: string; aware_at: string}> {
  const {leaked_at, aware_at} = job.options
  if (leaked_at !== undefined) return {leaked_at, aware_at: aware_at ?? 'unknown'}
  const now = snapshot.server_time ?? Math.floor(systemClock.now() / 1000)
  const decision: TextDecision = {
    id: 'incident.when',
    kind: 'text',
    ask: 'When did it leak, and when did we know? ("2h ago, now", or unknown)',
    screen,
    whole: `stanch client show ${job.client_id}`,
    why: 'It bounds log and all clear; knowing starts the reporting clocks.',
    effect: 'Both go into the audit trail. Nothing is changed.',
    undo: 'stanch incident update',
    unattended: 'unknown',
    check: (text) =>
      parseWhen(text, now)
        ? undefined
        : 'Say unknown, "2h ago", now, or an instant such as 2026-11-22T03:00:00Z; two of them with a comma.',
  }
  const answer = await job.responder.decide(decision)
  const when = parseWhen(answer, now)
  return when ?? {leaked_at: 'unknown', aware_at: 'unknown'}
}

/** `leaked` or `leaked, known`. */
function parseWhen(text: string, now: number): {leaked_at: string; aware_at: string} | undefined {
  const [leaked, known = 'now', ...rest] = text.split(',').map((part) => part.trim())
  if (leaked === undefined || rest.length > 0) return undefined
  const at = parseMoment(leaked, now)
  const aware = parseMoment(known, now)
  if (at === undefined || aware === undefined) return undefined
  return {leaked_at: at === 'unknown' ? at : rfc3339(at), aware_at: aware === 'unknown' ? aware : rfc3339(aware)}
}

/** Which way, with the cost of each; none is preselected. */
async function askWay(job: GuidedJob, facts: PlanFacts): Promise<PlanChoices> {
  const {snapshot} = facts
  const day = (snapshot.server_time ?? Math.floor(systemClock.now() / 1000)) - 86_400
  const canGiveBack = snapshot.operator.scopes.includes('create:client_grants')
  const cost = snapshot.grants
    .filter((grant) => (grant.subject_type ?? 'client') === 'client' && !grant.is_system)
    .map((grant) => {
      const issued = (snapshot.log ?? []).filter(
        (entry) => entry.type === 'seccft' && entry.audience === grant.audience && Date.parse(entry.date) / 1000 >= day,
      )
      const addresses = [...new Set(issued.map((entry) => entry.ip ?? 'unknown'))]
      const from = addresses.length > 0 ? ` from ${printable(addresses.slice(0, 3).join(', '), 60)}` : ''
      const use = snapshot.log === null ? 'how much it is used is not known: no log' : `${issued.length} token(s) in 24 h${from}`
      return `  ${printable(snapshot.resource_servers[grant.audience]?.name ?? grant.audience, 36)}: ${use}`
    })
  // Nothing to choose between: the rotation is all there is, and the plan shows it.
  if (cost.length === 0 && job.leak === 'client-secret') return {...job.choices, keep_grants: false, rotate: true}
  const rotates = job.leak === 'client-secret' || tokenCouldReadSecrets(facts)
  const decision: ChoiceDecision = {
    id: 'incident.way',
    kind: 'choice',
    ask: `Which way? (${snapshot.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(snapshot.tenant)})`,
    screen: [
      'Deleting the grants stops every user of this client until the grants are back:',
      {lines: cost, least: 1},
      canGiveBack
        ? 'The credential you act with can give them back; each gets a new id.'
        : 'The credential you act with can NOT give them back (create:client_grants is missing).',
    ],
    why: 'Grants off first: no token in the 30 s the old secret may still work.',
    effect: 'Nothing yet: the plan is shown next, with one confirmation.',
    undo: 'Grants come back from the snapshot; a rotation cannot be undone.',
    choices:
      job.leak === 'client-secret'
        ? [
            {
              value: 'both',
              label: 'grants off and rotate',
              detail: 'safest; users of the client get no token until they have the new secret and the grants are back',
            },
            {
              value: 'rotate',
              label: 'rotate only',
              detail: 'grants stay; users fail only until they have the new secret; the old secret may work for 30 s more',
            },
          ]
        : [
            ...(rotates
              ? [
                  {
                    value: 'both',
                    label: 'delete the grant for that API and rotate the secret',
                    detail: "the token's scopes could read secrets, so its holder may know the client's",
                  },
                ]
              : []),
            {value: 'grants', label: 'delete the grant for that API only', detail: 'the secret stays as it is'},
          ],
    unattended: 'both',
  }
  const way = decision.choices.length === 1 ? 'grants' : await job.responder.decide(decision)
  return {...job.choices, keep_grants: way === 'rotate', rotate: way !== 'grants'}
}

/** In the guided flow a missing scope does not stop: what this credential can is done, the rest is listed for people. */
async function warnOfMissingScopes(responder: Responder, facts: PlanFacts, plan: Plan): Promise<void> {
  const missing = stepsWithoutScope(plan, facts.snapshot.operator.scopes)
  if (missing.length === 0) return
  const go = await responder.decide({
    id: 'scopes.partial',
    kind: 'confirm',
    screen: [
      'This credential cannot do all of it; the tenant will refuse:',
      {lines: missing.map((one) => `  ${printable(one.title, 100)}: needs ${one.scopes.join(' or ')}`), least: 2},
      'By hand instead: Dashboard > Applications > the client > APIs (grants), or > Credentials > Rotate secret.',
    ],
    ask: 'Do what this credential can, and leave the rest to people?',
    why: 'Half of a containment is better than none, as long as everybody knows which half.',
    effect: 'The result will be "partial" and list what is left.',
    undo: 'Nothing has been changed yet.',
    unattended: false,
  })
  if (!go)
    throw new StanchError('consent.declined', 'Stopped before anything was changed.', {
      hint: 'Give the client the missing scopes, then start again.',
    })
}
