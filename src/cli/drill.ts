import {rfc3339, rfc3339Millis, systemClock} from '../clock.ts'
import type {Worked} from '../execution/incident.ts'
import type {Responder} from '../execution/responder.ts'
import type {LeakKind} from '../incident/leak.ts'
import {DEFAULT_CHOICES} from '../incident/policy.ts'
import type {IncidentResult} from '../incident/result.ts'
import type {ScoreFacts} from '../report/score-card.ts'
import {Secret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import type {AttackerScore} from '../simulator/score.ts'
import type {Simulator} from '../simulator/server.ts'
import {connect} from './context.ts'
import type {HuntScore} from './hunt-score.ts'
import type {Connected, Place} from './context.ts'
import {runIncident} from './incident-session.ts'
import {trustedToken} from './leaked-value.ts'
import {runbookFor} from './runbook-folder.ts'
import {startTenant} from './simulator.ts'

export interface DrillScore {
  readonly scenario: string
  /** What the attacker got while a way to a new token was open, and after it was closed. */
  readonly attacker: {
    readonly before: AttackerScore['before']
    readonly after: AttackerScore['after']
    /** RFC 3339, tenant time; absent while a new token could be had. */
    readonly contained_at?: string
    /** RFC 3339: when the last token he holds expires. */
    readonly last_token_expires_at?: string
  }
  readonly consumer: ReturnType<Simulator['tenant']['score']>['consumer']
  readonly rotations: number
  readonly changes_without_intent: number
  /** Wall-clock seconds from the first request to the result. */
  readonly seconds: number
  readonly hunt?: DrillHunt
}

/** What a hunt found, against what really happened; only where the scenario has a history. */
export type DrillHunt = HuntScore & {readonly hostile: number; readonly suspect: number}

/** `score_card`: the file that was asked for. */
export type DrillResult = IncidentResult & {readonly score: DrillScore; readonly score_card?: string}

export interface DrillOptions {
  readonly attended: boolean
  readonly dry_run: boolean
  /** Who is told, as `--notify` has it. */
  readonly notify?: readonly string[] | undefined
  readonly interruption: {requested: boolean}
  readonly say: (line: string) => Promise<void>
  readonly responder: (connected: Connected) => Promise<Responder>
  readonly onIncident: (id: string) => void
}

/** Seconds of tenant time that the attacker has before the responder begins. */
const HEAD_START_SECONDS = 600

/** Seconds of tenant time after the response that the score looks at. */
const AFTERMATH_SECONDS = 600

/** A simulated tenant with an incident on it, and the same road through it that a real one takes. */
export interface Drill {
  work(options: DrillOptions): Promise<Worked>
  /** Lets the attacker and the owner's consumer go on for a while, so that the score shows what containment did. */
  aftermath(): void
  /** Hunts what was done, and holds it against what really happened. Nothing where the scenario has no history. */
  hunt(incident: string | undefined): Promise<void>
  score(): DrillScore
  /** The same for a score card, with the drill's own beginning and end. */
  scoreFacts(): ScoreFacts
  scoreLines(): string[]
  stop(): Promise<void>
}

export async function startDrill(place: Place, scenario: string, seed?: number): Promise<Drill> {
  const simulator = await startTenant(place, {scenario, ...(seed === undefined ? {} : {seed})})
  const {practice} = simulator
  // By the time somebody is woken, the attacker has been at work for a while.
  simulator.tenant.clock.advance(HEAD_START_SECONDS)
  const began = simulator.tenant.clock.now()
  let ready = began
  const started = systemClock.monotonic()
  let connected: Connected | undefined
  let responder: Responder | undefined
  let hunted: DrillHunt | undefined
  const score = (): DrillScore => ({
    scenario,
    attacker: attackerView(simulator.tenant.score().attacker),
    consumer: simulator.tenant.score().consumer,
    rotations: simulator.tenant.count('client_secret.rotate'),
    changes_without_intent: simulator.tenant.unlogged(),
    seconds: Math.round((systemClock.monotonic() - started) / 10) / 100,
    ...(hunted ? {hunt: hunted} : {}),
  })
  return {
    async work(options) {
      connected = await connect(place, practiceConnection(simulator))
      // Before anything is said: the first question counts the rows that stand above it.
      responder = await options.responder(connected)
      await options.say(
        `SIMULATED tenant ${connected.origin.host}, scenario ${scenario}: nothing here is real, nothing leaves this machine.`,
      )
      const leaked = new Secret(practice.leak.value)
      const kind = practice.leak.kind as LeakKind
      const token = kind === 'management-token' ? await trustedToken(connected, practice.leak.client_id, leaked) : undefined
      if (options.attended) {
        const {guidedIncident} = await import('./guided.ts')
        return guidedIncident({
          place,
          connected,
          responder,
          leak: kind,
          client_id: practice.leak.client_id,
          leaked,
          interruption: options.interruption,
          options: {
            reason: `drill ${scenario}`,
            dry_run: options.dry_run,
            max_actions: 25,
            include_own: false,
            notify: options.notify,
          },
          choices: DEFAULT_CHOICES,
          asks_way: true,
          onIncident: options.onIncident,
        })
      }
      const runbook = await runbookFor(place.config.root, kind)
      const {compilePlan} = await import('../runbooks/compile.ts')
      return await runIncident({
        place,
        connected,
        responder,
        options: {
          reason: `drill ${scenario}`,
          leaked_at: rfc3339(practice.leak.leaked_at ?? simulator.tenant.clock.now() - 3600),
          dry_run: options.dry_run,
          max_actions: 25,
          include_own: false,
          notify: options.notify,
        },
        leak: kind,
        client_id: practice.leak.client_id,
        choices: DEFAULT_CHOICES,
        ...(kind === 'client-secret' ? {leaked} : {}),
        ...(token ? {leaked_token: token} : {}),
        interruption: options.interruption,
        plan: (facts) => compilePlan(runbook, facts, DEFAULT_CHOICES),
        onIncident: options.onIncident,
      })
    },
    aftermath: () => {
      ready = simulator.tenant.clock.now()
      simulator.tenant.clock.advance(AFTERMATH_SECONDS)
    },
    async hunt(incident) {
      if (!connected || !responder || simulator.tenant.world.truth.length === 0) return
      const [{huntNow}, {scoreHunt}, {liveTruth, stillThere}] = await Promise.all([
        import('./hunt.ts'),
        import('./hunt-score.ts'),
        import('../simulator/scenarios/told.ts'),
      ])
      const {client_id, value, leaked_at} = practice.leak
      const result = await huntNow(
        place,
        {
          responder,
          interruption: {requested: false},
          question: {
            incident,
            client_id,
            leaked: practice.leak.kind === 'management-token' ? new Secret(value) : undefined,
            leaked_at: leaked_at === undefined ? undefined : rfc3339(leaked_at),
            known: [],
          },
        },
        connected,
      )
      const readable = new Set(simulator.tenant.world.logs.readable().map((entry) => entry['log_id']))
      const truth = [...stillThere(simulator.tenant.world), ...liveTruth(simulator.tenant)].filter(({log_id}) =>
        readable.has(log_id),
      )
      const count = (verdict: string) => result.findings.filter((one) => one.verdict === verdict).length
      hunted = {...scoreHunt(truth, result), hostile: count('hostile'), suspect: count('suspect')}
    },
    score,
    scoreFacts: () => ({...score(), began_at: began, ready_at: ready}),
    scoreLines: () => scoreLines(score()),
    async stop() {
      await connected?.close()
      await simulator.stop()
    },
  }
}

/** The simulator counts in milliseconds and NumericDate; a result says RFC 3339. */
function attackerView({before, after, contained_at, last_token_expires_at}: AttackerScore): DrillScore['attacker'] {
  return {
    before,
    after,
    ...(contained_at === undefined ? {} : {contained_at: rfc3339Millis(contained_at)}),
    ...(last_token_expires_at === undefined ? {} : {last_token_expires_at: rfc3339(last_token_expires_at)}),
  }
}

function practiceConnection(simulator: Simulator) {
  const {client_id, client_secret} = simulator.practice.operator
  return {
    domain: simulator.origin,
    credential: {kind: 'secret' as const, client_id, secret: new Secret(client_secret), method: 'post' as const},
    from: {domain: 'the drill', credential: 'the drill'},
    warnings: [],
    missing: [],
  }
}

function scoreLines(score: DrillScore): string[] {
  const {before, after, last_token_expires_at: until} = score.attacker
  return [
    `Score card of the drill ${score.scenario}:`,
    ...(score.attacker.contained_at === undefined
      ? [`  attacker, NEVER CONTAINED: ${before.minted} token(s) minted, ${before.calls_accepted} call(s) accepted`]
      : [
          `  attacker before containment: ${before.minted} token(s) minted, ${before.calls_accepted} call(s) accepted`,
          `  attacker after containment:  ${after.minted} token(s) minted, ${after.refused} refused, ${after.calls_accepted} call(s) still accepted with older tokens`,
        ]),
    `  the last token he holds lives until ${until ?? 'none'}`,
    `  the owner's own consumer: ${score.consumer.calls_ok} call(s) fine, ${score.consumer.calls_failed} failed, ${score.consumer.mints_failed} token(s) refused`,
    ...huntScoreLines(score.hunt),
    `  rotations ${score.rotations}, changes without a durable intent ${score.changes_without_intent}, ${score.seconds} s`,
  ]
}

function huntScoreLines(hunt: DrillHunt | undefined): string[] {
  if (!hunt) return []
  return [
    hunt.attacker_entries === 0
      ? `  the hunt: there was no attacker; ${hunt.hostile} finding(s) hostile, ${hunt.suspect} suspect`
      : `  the hunt: ${hunt.found} of ${hunt.attacker_entries} entries of the attacker found, ${hunt.in_inventory} of ${hunt.left_behind} things left behind listed`,
    `  legitimate entries called hostile ${hunt.legitimate_called_hostile}, our own called suspect ${hunt.ours_called_bad}`,
    ...hunt.missed.slice(0, 5).map((one) => `  missed: ${printable(one, 120)}`),
  ]
}
