import {parseRfc3339, rfc3339} from '../clock.ts'
import {inDoubt, tookEffect} from '../incident/replay.ts'
import type {Operation} from '../incident/replay.ts'
import type {Account} from './account.ts'
import {numberOf, ofKind, proofRecords, textOf} from './account.ts'
import {CLAIM_WORDS, verdictWord} from './summary.ts'

/** One request that could change the tenant, what became of it, and what undoes it. */
export interface Act {
  /** The intent: it was on the disk before the request left. */
  readonly record: number
  readonly outcome_record?: number
  /** RFC 3339, tenant time where the tenant answered, else the machine's. */
  readonly at: string
  readonly action: string
  readonly target: string
  readonly why: string
  /** In the fixed vocabulary: `done`, `refused (403)`, `did not leave`, `IN DOUBT`, `... settled by looking`. */
  readonly result: string
  readonly undo: string
  /** `references.correlation_id` of the entry in the tenant's own log. */
  readonly correlation_id: string
}

/** A claim, its verdict, and the records that prove it. */
export interface Claim {
  readonly claim: string
  readonly words: string
  readonly target: string
  readonly verdict: 'proven' | 'not_proven' | 'failed'
  /** In the fixed vocabulary: `stopped`, `proven`, `not proven`, `FAILED`. */
  readonly word: string
  readonly probes: number
  readonly first_at?: string
  readonly last_at?: string
  readonly basis: string
  /** The record of the proof; absent for who does not get the records. */
  readonly record?: number
  /** Intents of its probes, where they have records of their own; at most 12. */
  readonly probe_records: readonly number[]
}

const MAX_PROBES = 12
/** Requests that ask and change nothing: they stand in the course of events. */
const ASKS = ['token.request']

export function acts(account: Account): Act[] {
  const intents = new Map(ofKind(account, 'intent').map((record) => [record.seq, record]))
  const ends = new Map(ofKind(account, 'outcome', 'settle').map((record) => [numberOf(record, 'intent'), record]))
  return account.state.operations
    .filter((one) => !ASKS.includes(one.action))
    .map((one) => {
      const intent = intents.get(one.seq)
      const end = ends.get(one.seq)
      return {
        record: one.seq,
        ...(end ? {outcome_record: end.seq} : {}),
        at: one.date === undefined ? one.at : rfc3339(one.date),
        action: one.action,
        target: one.target,
        why: textOf(intent, 'why') ?? 'not said',
        result: ending(one),
        undo: textOf(intent, 'undo') ?? 'not said',
        correlation_id: one.correlation_id,
      }
    })
}

/** What an operation ended in, in the fixed vocabulary. */
export function ending(one: Operation): string {
  if (inDoubt(one)) return 'IN DOUBT'
  if (one.settled !== undefined) return `${one.settled === 'ok' ? 'done' : 'not done'}, settled by looking`
  if (tookEffect(one)) return 'done'
  return one.result === 'refused' ? `refused${one.status === undefined ? '' : ` (${one.status})`}` : 'did not leave'
}

export function claims(account: Account): Claim[] {
  return proofRecords(account).map((record) => {
    const claim = (textOf(record, 'action') ?? '').slice('verify.'.length)
    const said = textOf(record, 'verdict')
    const verdict = said === 'proven' || said === 'failed' ? said : 'not_proven'
    const target = textOf(record, 'target') ?? ''
    const [first, last] = [textOf(record, 'first_at'), textOf(record, 'last_at')]
    return {
      claim,
      words: CLAIM_WORDS[claim] ?? claim,
      target,
      verdict,
      word: verdictWord({claim, verdict}),
      probes: numberOf(record, 'count') ?? 0,
      ...(first === undefined ? {} : {first_at: first}),
      ...(last === undefined ? {} : {last_at: last}),
      basis: textOf(record, 'finding') ?? '',
      record: record.seq,
      probe_records: probesOf(account, {target, before: record.seq, first, last}),
    }
  })
}

function probesOf(
  account: Account,
  proof: {
    readonly target: string
    readonly before: number
    readonly first: string | undefined
    readonly last: string | undefined
  },
): number[] {
  const [from, to] = [parseRfc3339(proof.first ?? ''), parseRfc3339(proof.last ?? '')]
  if (from === undefined || to === undefined) return []
  return account.state.operations
    .filter(
      (one) =>
        ASKS.includes(one.action) &&
        one.target === proof.target &&
        one.seq < proof.before &&
        one.date !== undefined &&
        one.date >= from &&
        one.date <= to,
    )
    .slice(-MAX_PROBES)
    .map((one) => one.seq)
}
