import {reconcileVerdict} from './reconcile/facts.ts'
import type {Reconciliation} from './reconcile/facts.ts'
import type {IncidentState} from './replay.ts'
import {inDoubt, tookEffect} from './replay.ts'
import type {ManualStep} from './standing.ts'

export const DISPOSITIONS = ['contained', 'false_alarm', 'accepted'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** What holds a close back until somebody deals with it, or waives it by name and reason. */
export interface CloseItem {
  /** `manual.STEP`, `path.ID`, `hunt.ID`, `delivery`, `watch`, `containment`, `reconcile` or `anchor`: what --waive takes. */
  readonly item: string
  /** One sentence; holds tenant text. */
  readonly what: string
  /** What deals with it, as a command or a sentence. */
  readonly how: string
}

export interface CloseFacts {
  readonly state: IncidentState
  /** Steps for people, of all plans of the incident. */
  readonly manual: readonly ManualStep[]
  /** What else is left over (`inventoryItems`). */
  readonly inventory: readonly CloseItem[]
  readonly disposition: Disposition
  /** Absent when it was not made. */
  readonly reconciliation?: Pick<Reconciliation, 'findings' | 'complete'>
  /** An anchor outside the machine covers the last change. */
  readonly anchored: boolean
}

/** Everything that is open, in the order in which it is best dealt with. */
export function closeItems(facts: CloseFacts): CloseItem[] {
  const {state, manual, inventory, disposition, reconciliation, anchored} = facts
  const id = state.incident_id
  const items: CloseItem[] = []
  if (disposition === 'contained' && !isContained(state)) {
    items.push({
      item: 'containment',
      what: `the last work ended as ${state.last_status ?? 'unfinished'}, or a claim is not proven`,
      how: `stanch resume ${id}; or close it as accepted or false_alarm`,
    })
  }
  // Where nothing had leaked and nothing was changed, nobody has anything to deploy, to clean or to tell.
  const forPeople = disposition === 'false_alarm' && !state.operations.some(tookEffect) ? [] : manual
  for (const step of forPeople) {
    if (state.signed_off[step.id] !== undefined) continue
    items.push({
      item: `manual.${step.id}`,
      what: `${step.args.owner}: ${step.args.question}`,
      how: `stanch incident update ${id} --done ${step.id}`,
    })
  }
  items.push(...inventory)
  if (reconciliation === undefined) {
    items.push({
      item: 'reconcile',
      what: "the trail was not compared with the tenant's log",
      how: `stanch audit reconcile --incident ${id} --wait`,
    })
  } else if (reconcileVerdict(reconciliation.findings) !== 'in_order') {
    const codes = [...new Set(reconciliation.findings.map(({code}) => code))].filter((code) => code !== 'OTHER_ACTOR')
    items.push({
      item: 'reconcile',
      what: `the trail and the tenant's log do not agree: ${codes.join(', ')}`,
      how: `look at each: stanch audit reconcile --incident ${id} --wait`,
    })
  }
  const newest = state.operations.at(-1)?.seq
  if (!anchored) {
    items.push({
      item: 'anchor',
      what: `no checkpoint that reaches to the newest change${newest === undefined ? '' : ` (record ${newest})`} is on record as held outside this machine`,
      how: 'post the checkpoint in the ticket or the chat and give its reference: --anchor REF; or stanch audit anchor, stanch audit witness',
    })
  }
  return items
}

/** Operations that nobody knows the effect of: an incident with one is never closed. */
export function openIntents(state: IncidentState): string[] {
  return state.operations.filter(inDoubt).map((one) => `${one.action} on ${one.target} (record ${one.seq})`)
}

function isContained(state: IncidentState): boolean {
  const ended = state.last_status === 'contained' || state.last_status === 'restored'
  return ended && state.proofs.every((proof) => proof.verdict === 'proven')
}
