import {parseRfc3339} from '../clock.ts'
import type {Sink} from '../delivery/sink.ts'
import type {IncidentTrail} from '../execution/incident-trail.ts'
import type {LogCaps} from '../execution/log-saver.ts'
import {tenantNow} from '../execution/verify.ts'
import type {Responder} from '../execution/responder.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {Plan} from '../incident/plan.ts'
import type {LeakedToken, PlanChoices, PlanFacts} from '../incident/policy.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {Secret} from '../secret.ts'
import type {Connected, Place} from './context.ts'

/** What the person or the flags said about the incident. */
export interface IncidentOptions {
  readonly incident?: string | undefined
  readonly reason?: string | undefined
  readonly ticket?: string | undefined
  readonly aware_at?: string | undefined
  readonly leaked_at?: string | undefined
  /** From when on the tenant's log is saved: RFC 3339, or `all`. */
  readonly since?: string | undefined
  readonly dry_run: boolean
  readonly max_actions: number
  readonly include_own: boolean
  /** Who is told, as `--notify` has it. */
  readonly notify?: readonly string[] | undefined
}

export interface Job {
  readonly place: Place
  readonly connected: Connected
  readonly responder: Responder
  readonly options: IncidentOptions
  readonly leak: LeakKind
  readonly client_id: string
  readonly choices: PlanChoices
  /** The leaked value, whatever it is: the responder must not be signed in with it. */
  readonly value?: Secret
  /** The leaked secret, where it is at hand: for probes. */
  readonly leaked?: Secret
  readonly leaked_token?: LeakedToken
  readonly sink?: Sink
  readonly showOnTerminal?: (secret: Secret) => Promise<void>
  readonly interruption: {requested: boolean}
  /** What to do, from what was observed. May throw guardrail errors: nothing has been changed yet. */
  readonly plan: (facts: PlanFacts, trail: TrailView) => Plan | Promise<Plan>
  /** The plan exists already and must still fit (`execute`, `resume`). */
  readonly fixed?: boolean
  /** Going on (`resume`): what earlier sessions did is not done again, and what was confirmed is not asked again. */
  readonly resumes?: boolean
  readonly state?: IncidentState
  /** Audiences whose settings are needed although their grants may be gone. */
  readonly audiences?: readonly string[]
  /** A second responder's approval of the plan, checked before anything was sent. */
  readonly approval?: {readonly by: string; readonly line: string; readonly recorded: boolean}
  /** The guided flow shows its own screens and asks its own questions before the confirmation. */
  readonly beforeConfirm?: (facts: PlanFacts, plan: Plan) => Promise<void>
  /** False where the plan saves no log. */
  readonly saves_log?: boolean
  /** How long saving the tenant's log may take; `LOG_CAPS` where nothing is said. */
  readonly log_caps?: LogCaps
  /** What was found out before the incident was opened: written down as soon as it is. No secret. */
  readonly known?: readonly {readonly action: string; readonly finding: string; readonly verdict?: string}[]
  /** Called as soon as the incident has an id. */
  readonly onIncident?: (id: string) => void
}

/** What a plan maker may see of the incident: its state and its evidence. */
export interface TrailView {
  readonly state?: IncidentState
  readonly journal?: IncidentTrail
}

export function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseRfc3339(text)
}

/** NumericDate: from when on the tenant's log is saved. Without a word about it, from the leak on; else all that there is. */
export function logSince({options}: Job, state: IncidentState | undefined): number | undefined {
  return instantOf(options.since ?? options.leaked_at ?? state?.leaked_at)
}

export function exposureContext(job: Job, leakedAt: number | undefined) {
  return {
    now: tenantNow(job.connected),
    kind: job.leak,
    probe_tokens: [],
    ...(leakedAt === undefined ? {} : {leaked_at: leakedAt}),
  }
}
