import type {Consumer} from '../incident/consumers.ts'
import type {Account} from './account.ts'
import {evidenceOf, observed, textOf} from './account.ts'
import type {NotKnown} from './report.ts'

export interface Consumers {
  readonly record: number
  readonly computed_at: string
  readonly items: readonly Consumer[]
  /** How many stand how. */
  readonly adoption: Readonly<Record<string, number>>
}

export interface HuntRow {
  readonly hunt: string
  readonly verdict: string
  readonly what: string
  readonly at: string
  readonly log_ids: readonly string[]
  readonly client_id?: string
  readonly ip?: string
  readonly object?: {readonly kind: string; readonly id: string}
  readonly remove?: string
}

export interface Hunted {
  readonly record: number
  readonly computed_at: string
  readonly entries: number
  readonly client_ids: readonly string[]
  readonly suspects: Readonly<Record<string, readonly string[]>>
  readonly findings: readonly HuntRow[]
  readonly inventory: readonly {readonly id: string; readonly what: string; readonly hunt: string; readonly remove: string}[]
  readonly not_seen: readonly {readonly what: string; readonly why: string}[]
}

export interface PathRow {
  readonly id: string
  readonly audience: string
  readonly subject: string
  readonly via: string
  readonly credential: string
  readonly open: boolean
  readonly why: string
  readonly closes?: string
}

export interface Assessed {
  readonly record: number
  readonly computed_at: string
  readonly before: readonly PathRow[]
  readonly after: readonly PathRow[]
}

export interface WatchRow {
  readonly record: number
  readonly at: string
  readonly verdict: string
  readonly finding: string
}

/** What was found out by looking further: each of these may be missing from an incident. */
export interface Learned {
  readonly consumers: Consumers | NotKnown
  readonly paths: Assessed | NotKnown
  readonly hunt: Hunted | NotKnown
  readonly watch: {readonly items: readonly WatchRow[]} | NotKnown
}

type Loose = Readonly<Record<string, unknown>>

export function learned(account: Account): Learned {
  return {consumers: consumers(account), paths: paths(account), hunt: newestHunt(account), watch: watch(account)}
}

/** Verdicts of the newest hunt, by log id. */
export function hunted(account: Account): ReadonlyMap<string, string> {
  const found = newestHunt(account)
  if ('not_known' in found) return new Map()
  return new Map(found.findings.flatMap((one) => one.log_ids.map((id) => [id, one.verdict] as const)))
}

function newest(account: Account, action: string): {record: number; blob: Loose} | undefined {
  for (const record of observed(account, action).toReversed()) {
    const blob = evidenceOf<Loose>(account, textOf(record, 'evidence'))
    if (typeof blob === 'object' && blob !== null) return {record: record.seq, blob}
  }
  return undefined
}

function consumers(account: Account): Learned['consumers'] {
  const found = newest(account, 'consumers')
  if (!found) return {not_known: 'not known, because the tenant log was not searched for who uses this credential'}
  const items = listOf(found.blob, 'consumers') as unknown as Consumer[]
  const adoption: Record<string, number> = {moved: 0, failing: 0, waiting: 0, silent: 0}
  for (const {standing} of items) adoption[standing] = (adoption[standing] ?? 0) + 1
  return {record: found.record, computed_at: textIn(found.blob, 'computed_at'), items, adoption}
}

function paths(account: Account): Learned['paths'] {
  const found = newest(account, 'assess')
  if (!found) return {not_known: 'not known, because every path to a token was not worked out in this incident (stanch assess)'}
  return {
    record: found.record,
    computed_at: textIn(found.blob, 'computed_at'),
    before: listOf(found.blob, 'before') as unknown as PathRow[],
    after: listOf(found.blob, 'after') as unknown as PathRow[],
  }
}

/** The newest hunt whose result is in the evidence. */
export function newestHunt(account: Account): Learned['hunt'] {
  const found = newest(account, 'hunt')
  if (!found) return {not_known: 'not known, because no hunt is on record (stanch hunt)'}
  const {record, blob} = found
  const suspects = typeof blob['suspects'] === 'object' && blob['suspects'] !== null ? blob['suspects'] : {}
  return {
    record,
    computed_at: textIn(blob, 'computed_at'),
    entries: typeof blob['entries'] === 'number' ? blob['entries'] : 0,
    client_ids: listOf(blob, 'client_ids') as unknown as string[],
    suspects: Object.fromEntries(
      Object.entries(suspects).filter(([, value]) => Array.isArray(value)) as [string, readonly string[]][],
    ),
    findings: (listOf(blob, 'findings') as unknown as HuntRow[]).map((one) => ({...one, log_ids: one.log_ids ?? []})),
    inventory: (listOf(blob, 'inventory') as unknown as Hunted['inventory']).map(({id, what, hunt: by, remove}) => ({
      id,
      what,
      hunt: by,
      remove,
    })),
    not_seen: listOf(blob, 'not_seen') as unknown as Hunted['not_seen'],
  }
}

function watch(account: Account): Learned['watch'] {
  const records = observed(account, 'watch')
  if (records.length === 0) return {not_known: 'not known, because nobody watched the tenant after containment (stanch watch)'}
  return {
    items: records.map((one) => ({
      record: one.seq,
      at: one.time,
      verdict: textOf(one, 'verdict') ?? 'not said',
      finding: textOf(one, 'finding') ?? '',
    })),
  }
}

function listOf(blob: Loose, member: string): readonly Loose[] {
  const value = blob[member]
  return Array.isArray(value) ? (value as Loose[]) : []
}

function textIn(blob: Loose, member: string): string {
  const value = blob[member]
  return typeof value === 'string' ? value : 'not said'
}
