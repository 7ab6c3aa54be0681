import {parseRfc3339, rfc3339} from '../clock.ts'
import {containedAt} from './contained-at.ts'
import type {Exposure} from './exposure.ts'
import {tookEffect} from './replay.ts'
import type {IncidentState} from './replay.ts'

/** A moment of an incident. */
export type MomentName = 'leaked' | 'aware' | 'opened' | 'first_act' | 'contained' | 'proven' | 'all_clear' | 'closed'

/** From one moment to another, in seconds; below zero is never given out. */
export interface ResponseSpan {
  readonly from: MomentName
  readonly to: MomentName
  readonly words: string
  readonly seconds: number
}

/** RFC 3339; a moment that nobody knows, or that has not come, is absent. */
export interface ResponseTimes {
  readonly moments: Readonly<Partial<Record<MomentName, string>>>
  readonly spans: readonly ResponseSpan[]
}

/** What is asked about a response, in the order in which it happens. */
const SPANS: readonly (readonly [MomentName, MomentName, string])[] = [
  ['leaked', 'contained', 'usable for new tokens'],
  ['aware', 'first_act', 'from knowing to the first act'],
  ['aware', 'contained', 'from knowing to containment'],
  ['opened', 'first_act', 'from the opening to the first act'],
  ['opened', 'contained', 'from the opening to containment'],
  ['opened', 'proven', 'from the opening to the last proof'],
  ['contained', 'all_clear', 'from containment to the all clear'],
]

/**
 * How fast it went, by the record alone: tenant time where the tenant dated something, the machine's time elsewhere.
 * Contained is when the last API stopped giving tokens; proven is the last probe of the last claim, all of them proven;
 * the all clear is the instant of the rule, whether it has come or not.
 */
export function responseTimes(state: IncidentState, exposure: Exposure | undefined): ResponseTimes {
  const first = state.operations.find((one) => CHANGES.test(one.action) && tookEffect(one))
  const proven = state.proofs.length > 0 && state.proofs.every((one) => one.verdict === 'proven')
  const last = state.proofs.flatMap((one) => one.last_at ?? []).toSorted((a, b) => Date.parse(a) - Date.parse(b))
  const contained = containedAt(exposure)
  const moments: Partial<Record<MomentName, string>> = {
    ...known('leaked', state.leaked_at),
    ...known('aware', state.aware_at),
    opened: state.opened_at,
    ...known('first_act', first?.date === undefined ? first?.at : rfc3339(first.date)),
    ...known('contained', contained),
    ...known('proven', proven ? last.at(-1) : undefined),
    ...known('all_clear', contained === undefined ? undefined : exposure?.all_clear.worst_case_at),
    ...known('closed', state.closed_at),
  }
  return {
    moments,
    spans: SPANS.flatMap(([from, to, words]) => {
      const [start, end] = [instant(moments[from]), instant(moments[to])]
      return start === undefined || end === undefined ? [] : [{from, to, words, seconds: Math.max(0, end - start)}]
    }),
  }
}

const CHANGES = /^client_(grant|secret)\.(delete|rotate|set)$/

function known(name: MomentName, at: string | undefined): Partial<Record<MomentName, string>> {
  return at === undefined || at === 'unknown' ? {} : {[name]: at}
}

function instant(at: string | undefined): number | undefined {
  return at === undefined ? undefined : parseRfc3339(at)
}
