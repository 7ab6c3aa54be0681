import type {IncidentEvent, Intent} from './events.ts'

/** One operation: an intent, what the request ended in, and the late answer where there was none. */
export interface Operation extends Intent {
  readonly seq: number
  readonly at: string
  readonly result?: 'ok' | 'failed' | 'refused' | 'unknown'
  readonly settled?: 'ok' | 'not_done'
  readonly settled_by?: string
  /** NumericDate of the tenant's answer. */
  readonly date?: number
  readonly status?: number
  readonly after?: string
  readonly error?: {readonly code: string; readonly text: string}
}

export interface Proof {
  readonly claim: string
  readonly target?: string
  readonly verdict: 'proven' | 'not_proven' | 'failed'
  readonly probes: number
  readonly first_at?: string
  readonly last_at?: string
  readonly basis: string
}

/** An incident's state, by replay of its trail. */
export interface IncidentState {
  readonly incident_id: string
  readonly tenant: string
  readonly title: string
  readonly leak: string
  readonly client_id?: string
  readonly opened_at: string
  readonly aware_at?: string
  readonly leaked_at?: string
  readonly ticket?: string
  readonly plan?: {readonly sha256: string; readonly evidence: string}
  readonly operations: readonly Operation[]
  /** Newest proof per claim and target. */
  readonly proofs: readonly Proof[]
  /** Sign-offs of manual steps, by step id. */
  readonly signed_off: Readonly<Record<string, string>>
  /** When clocks of reporting duties began that somebody has to judge, RFC 3339, by `ClockStart`. */
  readonly clock_starts: Readonly<Record<string, string>>
  readonly confirmed: boolean
  readonly declined: boolean
  readonly deliveries: readonly {
    readonly op: string
    readonly sink: string
    readonly result: 'ok' | 'failed'
    readonly fingerprint?: string
    readonly at: string
  }[]
  /** Newest evidence per kind of observation: snapshot, tenant_log.save, exposure. */
  readonly evidence: Readonly<Record<string, string>>
  readonly gaps: readonly {readonly what: string; readonly why: string}[]
  readonly last_status?: string
  readonly closed_at?: string
  readonly records: number
}

type Draft = {-readonly [K in keyof IncidentState]: IncidentState[K]} & {operations: Operation[]; proofs: Proof[]}

/**
 * Folds the events of one incident, in the order of the trail. Undefined when it was never opened.
 *
 * @param before the state by the events before these; it is left as it is
 */
export function replay(incidentId: string, events: Iterable<IncidentEvent>, before?: IncidentState): IncidentState | undefined {
  let state: Draft | undefined = before && {...before, operations: [...before.operations], proofs: [...before.proofs]}
  for (const event of events) {
    if (event.kind === 'opened') {
      state ??= opened(incidentId, event)
    } else if (state) {
      apply(state, event)
    }
    if (state) state.records += 1
  }
  return state
}

function opened(incidentId: string, event: IncidentEvent & {kind: 'opened'}): Draft {
  return {
    incident_id: incidentId,
    tenant: event.tenant,
    title: event.title,
    leak: event.leak,
    ...(event.client_id === undefined ? {} : {client_id: event.client_id}),
    ...(event.aware_at === undefined ? {} : {aware_at: event.aware_at}),
    ...(event.leaked_at === undefined ? {} : {leaked_at: event.leaked_at}),
    ...(event.ticket === undefined ? {} : {ticket: event.ticket}),
    opened_at: event.at,
    operations: [],
    proofs: [],
    signed_off: {},
    clock_starts: {},
    confirmed: false,
    declined: false,
    deliveries: [],
    evidence: {},
    gaps: [],
    records: 0,
  }
}

function apply(state: Draft, event: Exclude<IncidentEvent, {kind: 'opened'}>): void {
  switch (event.kind) {
    case 'updated':
      for (const name of ['aware_at', 'leaked_at', 'ticket', 'title'] as const) {
        const value = event.members[name]
        if (typeof value === 'string') state[name] = value
      }
      break
    case 'closed':
      state.closed_at = event.at
      break
    case 'planned':
      state.plan = {sha256: event.plan_sha256, evidence: event.evidence}
      // A yes speaks for the plan that was on the screen, never for the next one.
      state.confirmed = false
      state.declined = false
      break
    case 'decided':
      if (event.question === 'plan.confirm') {
        state.confirmed = event.answer === 'yes'
        state.declined = event.answer !== 'yes'
        // Work begins anew: what the last work ended with says nothing about this one.
        if (state.confirmed) delete state.last_status
      } else if (event.question === 'incident.title') {
        state.title = event.answer
      } else if (event.question.startsWith('clock.')) {
        state.clock_starts = {...state.clock_starts, [event.question.slice('clock.'.length)]: event.answer}
      } else if (event.question.startsWith('manual.')) {
        state.signed_off = {...state.signed_off, [event.question.slice('manual.'.length)]: event.answer}
      }
      break
    case 'intended': {
      const {kind: _kind, ...intent} = event
      state.operations.push(intent)
      break
    }
    case 'ended':
      change(state, event.intent, {
        result: event.result,
        ...(event.date === undefined ? {} : {date: event.date}),
        ...(event.status === undefined ? {} : {status: event.status}),
        ...(event.after === undefined ? {} : {after: event.after}),
        ...(event.error === undefined ? {} : {error: event.error}),
      })
      break
    case 'settled':
      change(state, event.intent, {settled: event.result, settled_by: event.by})
      break
    case 'observed':
      observed(state, event)
      break
    case 'delivered':
      state.deliveries = [...state.deliveries, event]
      break
    case 'missing':
      state.gaps = [...state.gaps, {what: event.what, why: event.why}]
      break
    case 'noted':
      break
  }
}

function change(state: Draft, intent: number, members: Partial<Operation>): void {
  const index = state.operations.findIndex((operation) => operation.seq === intent)
  const operation = state.operations[index]
  if (operation) state.operations[index] = {...operation, ...members}
}

function observed(state: Draft, event: IncidentEvent & {kind: 'observed'}): void {
  if (event.action === 'status') state.last_status = event.finding
  if (event.evidence !== undefined) state.evidence = {...state.evidence, [event.action]: event.evidence}
  if (!event.action.startsWith('verify.')) return
  const claim = event.action.slice('verify.'.length)
  const proof: Proof = {
    claim,
    ...(event.target === undefined ? {} : {target: event.target}),
    verdict: event.verdict === 'proven' || event.verdict === 'failed' ? event.verdict : 'not_proven',
    probes: event.count ?? 0,
    ...(event.first_at === undefined ? {} : {first_at: event.first_at}),
    ...(event.last_at === undefined ? {} : {last_at: event.last_at}),
    basis: event.finding,
  }
  state.proofs = [...state.proofs.filter((one) => one.claim !== claim || one.target !== event.target), proof]
}

/** True while nobody knows what an operation did to the tenant. */
export function inDoubt(operation: Operation): boolean {
  return operation.settled === undefined && (operation.result === undefined || operation.result === 'unknown')
}

/** True when the operation took effect, by its answer or by looking afterwards. */
export function tookEffect(operation: Operation): boolean {
  return operation.result === 'ok' || operation.settled === 'ok'
}

/** Statuses after which an incident asks for nothing more from the machine. */
const FINISHED = ['contained', 'restored', 'declined', 'planned']

/** A live incident: opened, not closed, and with something left to do or to find out. A second one on its client is refused. */
export function isLive(state: IncidentState): boolean {
  if (state.closed_at !== undefined) return false
  if (state.operations.some(inDoubt)) return true
  return !(state.declined && !state.operations.some(tookEffect)) && !FINISHED.includes(state.last_status ?? '')
}
