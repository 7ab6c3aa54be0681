import type {Peers, Recorded, RecordedIntent, RecordedToken} from '../incident/reconcile/facts.ts'
import {correlationIdOf, leafOf} from '../trail/format/record.ts'
import type {StoredRecord} from '../trail/format/record.ts'

type Mutable<T> = {-readonly [K in keyof T]: T[K]}

/** What a trail says about one tenant: its intents with their ends, its own tokens, its beginning. One pass. */
export function recordedOf(records: Iterable<StoredRecord>, tenant: string): Recorded {
  const intents = new Map<number, Mutable<RecordedIntent>>()
  const tokens: RecordedToken[] = []
  let opened_at = Infinity
  for (const record of records) {
    if (record.kind === 'log.open') opened_at = Date.parse(record.time)
    if (record['tenant'] !== tenant) continue
    if (record.kind === 'intent') intents.set(record.seq, intentOf(record))
    if (record.kind === 'auth') tokens.push(tokenOf(record))
    const intent = intents.get(Number(record['intent']))
    if (!intent) continue
    if (record.kind === 'outcome') intent.outcome = outcomeOf(record)
    if (record.kind === 'settle') intent.settled = {result: record['result'] === 'ok' ? 'ok' : 'not_done', by: text(record['by'])}
  }
  return {intents: [...intents.values()], tokens, opened_at: Number.isFinite(opened_at) ? opened_at : 0}
}

/** The same of other logs of the team. An id is known whatever tenant its record names. */
export function peersOf(logs: Iterable<Iterable<StoredRecord>>, tenant: string): Peers {
  const correlation_ids = new Set<string>()
  const tokens: RecordedToken[] = []
  for (const records of logs) {
    for (const record of records) {
      if (record.kind === 'intent') correlation_ids.add(correlationIdOf(leafOf(record)))
      if (record.kind === 'auth' && record['tenant'] === tenant) tokens.push(tokenOf(record))
    }
  }
  return {correlation_ids, tokens}
}

function intentOf(record: StoredRecord): Mutable<RecordedIntent> {
  const req = record['req'] as {method?: unknown; path?: unknown} | undefined
  return {
    seq: record.seq,
    at: Date.parse(record.time),
    sid: text(record['sid']),
    ...(typeof record['inc'] === 'string' ? {inc: record['inc']} : {}),
    op: text(record['op']),
    try: Number(record['try']),
    action: text(record['action']),
    target: text(record['target']),
    method: text(req?.method),
    path: text(req?.path),
    correlation_id: correlationIdOf(leafOf(record)),
    ...(typeof record['before'] === 'string' ? {before: record['before']} : {}),
  }
}

function outcomeOf(record: StoredRecord): NonNullable<RecordedIntent['outcome']> {
  const result = record['result']
  const res = record['res'] as {date?: unknown} | undefined
  const date = typeof res?.date === 'string' ? Math.floor(Date.parse(res.date) / 1000) : NaN
  return {
    result: result === 'ok' || result === 'failed' || result === 'refused' ? result : 'unknown',
    at: Date.parse(record.time),
    ...(Number.isFinite(date) ? {date} : {}),
    saw_secret: typeof record['after'] === 'string',
  }
}

function tokenOf(record: StoredRecord): RecordedToken {
  const {exp, jti} = record
  return {
    seq: record.seq,
    at: Date.parse(record.time),
    sid: text(record['sid']),
    client_id: text(record['client_id']),
    // 0 stands where the token did not say
    ...(typeof exp === 'number' && exp > 0 ? {exp} : {}),
    ...(typeof jti === 'string' ? {jti} : {}),
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
