import type {Exposure} from '../incident/exposure.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import type {StoredRecord} from '../trail/format/record.ts'

/** What report, questions and bundle are made from: the slice of one incident, its state by replay, and its evidence. */
export interface Account {
  readonly state: IncidentState
  /** The records of the slice, ascending: record 0, the sessions and their credentials, all of the incident. */
  readonly records: readonly StoredRecord[]
  readonly mode: 'real' | 'sim'
  readonly log: {
    readonly origin: string
    readonly vkey: string
    /** Leaf hash of record 0, hex. */
    readonly first: string
    /** Of the checkpoint that the slice leads to. */
    readonly size: number
    /** Hex. */
    readonly root: string
    /** Names of others who countersigned that checkpoint. */
    readonly witnesses: readonly string[]
    /** `log.recovered` records in the whole log up to there: a writer died, or somebody appended without keys. */
    readonly recovered: readonly number[]
  }
  /** The newest drill of this machine that began before the incident: what stands in the log of its drills. */
  readonly practised?: {readonly incident_id: string; readonly at: string; readonly leak: string}
  /** A blob as text; undefined when it is not here. A blinded copy takes its original's place. */
  readonly blob: (sha256: string) => string | undefined
  /** What a scope of the Management API lets its holder do; absent where nobody said. */
  readonly scope?: (scope: string) => {readonly severity: string; readonly means: string}
}

export function textOf(record: StoredRecord | undefined, member: string): string | undefined {
  const value = record?.[member]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberOf(record: StoredRecord | undefined, member: string): number | undefined {
  const value = record?.[member]
  return typeof value === 'number' ? value : undefined
}

/** A member that is an object. */
export function partOf(record: StoredRecord | undefined, member: string): Readonly<Record<string, unknown>> {
  const value = record?.[member]
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

/** A value of a record as text, for people; `?` for what is none. */
export function said(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?'
}

export function ofKind(account: Account, ...kinds: readonly string[]): StoredRecord[] {
  return account.records.filter((record) => kinds.includes(record.kind))
}

/** `observe` records of one action; a prefix that ends in a dot stands for all of its actions. */
export function observed(account: Account, action: string): StoredRecord[] {
  return ofKind(account, 'observe').filter((record) => {
    const own = textOf(record, 'action') ?? ''
    return action.endsWith('.') ? own.startsWith(action) : own === action
  })
}

export function seqs(records: readonly StoredRecord[]): number[] {
  return records.map((record) => record.seq)
}

/** JSON evidence; undefined when it is not here or no JSON. */
export function evidenceOf<T>(account: Account, sha256: string | undefined): T | undefined {
  const text = sha256 === undefined ? undefined : account.blob(sha256)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined // a log page is one JSON text a line: whoever wants it reads it as such
  }
}

/** The tenant as it was found, before anything was changed. */
export function snapshotBefore(account: Account): {record: StoredRecord; snapshot: TenantSnapshot} | undefined {
  for (const record of observed(account, 'tenant.snapshot')) {
    const snapshot = evidenceOf<TenantSnapshot>(account, textOf(record, 'evidence'))
    if (snapshot) return {record, snapshot}
  }
  return undefined
}

/** The newest exposure that was computed. */
export function newestExposure(account: Account): {record: StoredRecord; exposure: Exposure} | undefined {
  for (const record of observed(account, 'exposure').toReversed()) {
    const exposure = evidenceOf<Exposure>(account, textOf(record, 'evidence'))
    if (exposure) return {record, exposure}
  }
  return undefined
}

/** Newest proof record per claim and target. */
export function proofRecords(account: Account): StoredRecord[] {
  const newest = new Map<string, StoredRecord>()
  for (const record of observed(account, 'verify.')) newest.set(`${textOf(record, 'action')} ${textOf(record, 'target')}`, record)
  return [...newest.values()]
}
