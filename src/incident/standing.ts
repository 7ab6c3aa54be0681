import {clearMoves} from './contained-at.ts'
import type {Exposure} from './exposure.ts'
import type {PlanStep} from './plan.ts'
import {withGiveBack} from './next.ts'
import {inDoubt, isLive, tookEffect} from './replay.ts'
import type {IncidentState} from './replay.ts'

/** A step that only a person can take. */
export type ManualStep = PlanStep & {readonly action: 'manual'}

/** What an incident's record says besides its state: the steps for people of all its plans, and its newest exposure. */
export interface OnRecord {
  readonly manual: readonly ManualStep[]
  readonly exposure?: Exposure
  /** How many things that the newest hunt found are neither removed nor signed off; absent where nobody counted. */
  readonly left_behind?: number
}

/** In one word: what the last work ended with, else how far it came. */
export function standing(state: IncidentState): string {
  if (state.closed_at !== undefined) return 'closed'
  if (state.operations.some(inDoubt)) return 'in_doubt'
  return state.last_status ?? (state.declined ? 'declined' : state.confirmed ? 'unfinished' : 'opened')
}

/** What nobody has answered yet, as questions. */
export function openQuestions(state: IncidentState, record: OnRecord): string[] {
  if (state.closed_at !== undefined) return []
  const questions = state.operations
    .filter(inDoubt)
    .map((one) => `what did ${one.action} on ${one.target} (record ${one.seq}) do?`)
  for (const proof of state.proofs) {
    if (proof.verdict !== 'proven')
      questions.push(
        `${proof.claim}${proof.target === undefined ? '' : ` for ${proof.target}`}: ${proof.verdict === 'failed' ? 'it failed' : 'not proven'}`,
      )
  }
  for (const step of unsigned(state, record)) questions.push(`${step.args.owner}: ${step.args.question}`)
  if ((state.leaked_at ?? 'unknown') === 'unknown') questions.push('when did it leak?')
  if ((state.aware_at ?? 'unknown') === 'unknown') questions.push('when did we know?')
  return questions
}

/** What to do next, by the record alone, most urgent first. Instants are not compared with today: `stanch exposure` does that. */
export function nextByRecord(state: IncidentState, record: OnRecord): string[] {
  const {incident_id: id, client_id: client} = state
  if (state.closed_at !== undefined) return []
  const next: string[] = []
  if (isLive(state)) next.push(`stanch resume ${id}`)
  const newest = state.deliveries.at(-1)
  if (newest?.result === 'failed') next.push(`stanch secret deliver --incident ${id} --deliver SINK`)
  next.push(
    ...withGiveBack(
      unsigned(state, record),
      id,
      state.last_status === 'contained' && grantsOut(state)
        ? `when every user has the new secret, give the grants back: stanch grant restore --incident ${id}`
        : undefined,
    ),
  )
  if (state.evidence['hunt'] === undefined && state.operations.some((one) => one.action.startsWith('client_') && tookEffect(one)))
    next.push(`what was done with it, and what is left to remove: stanch hunt --incident ${id}`)
  if (record.left_behind !== undefined && record.left_behind > 0)
    next.push(`remove what the hunt found, ${record.left_behind} left: stanch hunt --incident ${id}`)
  if ((state.leaked_at ?? 'unknown') === 'unknown') next.push(`say when it leaked: stanch incident update ${id} --leaked-at WHEN`)
  const clear = record.exposure?.all_clear
  if (clear)
    next.push(
      `all clear ${record.exposure && clearMoves(record.exposure) ? 'not fixed before it is contained' : `at ${clear.worst_case_at}`}${client === undefined ? '' : `; as of now: stanch exposure --client ${client}`}`,
    )
  if (state.last_status === 'contained' || state.last_status === 'restored')
    next.push(`${next.length === 0 ? '' : 'when all of this is done: '}stanch incident close ${id}`)
  return next
}

function unsigned(state: IncidentState, record: OnRecord): ManualStep[] {
  return record.manual.filter((step) => state.signed_off[step.id] === undefined)
}

/** Were client grants taken that were not given back? */
function grantsOut(state: IncidentState): boolean {
  const back = new Set(
    state.operations.filter((one) => one.action === 'client_grant.create' && tookEffect(one)).map((one) => one.target),
  )
  return state.operations.some((one) => one.action === 'client_grant.delete' && tookEffect(one) && !back.has(one.target))
}
