import {hash} from 'node:crypto'

import type {IncidentEvent} from '../incident/events.ts'
import {replay} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {StoredRecord} from '../trail/format/record.ts'

/** Records of the trail as events of an incident. Kinds that say nothing about an incident's state give undefined. */
export function eventOf(record: StoredRecord): IncidentEvent | undefined {
  const base = {seq: record.seq, at: record.time}
  switch (record.kind) {
    case 'incident.open':
      return {
        ...base,
        kind: 'opened',
        tenant: text(record['tenant']),
        title: text(record['title']),
        leak: text(record['leak'], 'unknown'),
        ...optional('client_id', clientOf(record['target'])),
        ...optional('aware_at', maybe(record['aware_at'])),
        ...optional('leaked_at', maybe(record['leaked_at'])),
        ...optional('ticket', maybe(record['ticket'])),
      }
    case 'incident.update':
      return {...base, kind: 'updated', members: record}
    case 'incident.close':
      return {
        ...base,
        kind: 'closed',
        all_clear_at: text(record['all_clear_at']),
        ...optional('disposition', maybe(record['disposition'])),
      }
    case 'plan':
      return {...base, kind: 'planned', plan_sha256: text(record['plan_sha256']), evidence: text(record['evidence'])}
    case 'decision':
      return {
        ...base,
        kind: 'decided',
        question: text(record['question']),
        answer: text(record['answer']),
        ...optional('plan_sha256', maybe(record['plan_sha256'])),
      }
    case 'intent':
      return {
        ...base,
        kind: 'intended',
        op: text(record['op']),
        try: number(record['try']) ?? 1,
        action: text(record['action']),
        target: text(record['target']),
        ...optional('step', maybe(record['step'])),
        ...optional('phase', maybe(record['phase'])),
        ...optional('plan_sha256', maybe(record['plan_sha256'])),
        ...optional('before', maybe(record['before'])),
        ...optional('state', maybe(record['state'])),
        correlation_id: correlationOf(record),
      }
    case 'outcome':
      return ended(record, base)
    case 'settle':
      return {
        ...base,
        kind: 'settled',
        op: text(record['op']),
        intent: number(record['intent']) ?? -1,
        result: record['result'] === 'ok' ? 'ok' : 'not_done',
        by: text(record['by']),
      }
    case 'observe':
      return {
        ...base,
        kind: 'observed',
        action: text(record['action']),
        finding: text(record['finding']),
        ...optional('target', maybe(record['target'])),
        ...optional('verdict', maybe(record['verdict'])),
        ...optional('count', number(record['count'])),
        ...optional('first_at', maybe(record['first_at'])),
        ...optional('last_at', maybe(record['last_at'])),
        ...optional('evidence', maybe(record['evidence'])),
      }
    case 'deliver':
      return {
        ...base,
        kind: 'delivered',
        op: text(record['op']),
        sink: text(record['sink']),
        result: record['result'] === 'ok' ? 'ok' : 'failed',
        ...optional('fingerprint', maybe(record['fingerprint'])),
      }
    case 'gap':
      return {...base, kind: 'missing', what: text(record['what']), why: text(record['why'])}
    case 'note':
      return {...base, kind: 'noted', text: text(record['text'])}
    default:
      return undefined
  }
}

/** Every incident of a trail, oldest first, by replay. One pass, records are not kept. */
export function incidentsOf(records: Iterable<StoredRecord>): IncidentState[] {
  const events = new Map<string, IncidentEvent[]>()
  for (const record of records) {
    if (typeof record['inc'] !== 'string') continue
    const event = eventOf(record)
    if (!event) continue
    const list = events.get(record['inc'])
    if (list) list.push(event)
    else events.set(record['inc'], [event])
  }
  return [...events].flatMap(([id, list]) => replay(id, list) ?? [])
}

function ended(record: StoredRecord, base: {seq: number; at: string}): IncidentEvent {
  const res = record['res'] as {status?: unknown; date?: unknown} | undefined
  const error = record['error'] as {code?: unknown; text?: unknown} | undefined
  const date = typeof res?.date === 'string' ? Math.floor(Date.parse(res.date) / 1000) : undefined
  const result = record['result']
  return {
    ...base,
    kind: 'ended',
    op: text(record['op']),
    intent: number(record['intent']) ?? -1,
    action: text(record['action']),
    result: result === 'ok' || result === 'failed' || result === 'refused' ? result : 'unknown',
    ...(date !== undefined && Number.isFinite(date) ? {date} : {}),
    ...optional('status', number(res?.status)),
    ...optional('after', maybe(record['after'])),
    ...(error ? {error: {code: text(error.code), text: text(error.text)}} : {}),
  }
}

/** The correlation id is the head of the record's own leaf hash, so it is computed, not read. */
function correlationOf(record: StoredRecord): string {
  return `stanch-${hash('sha256', Buffer.concat([Buffer.of(0), Buffer.from(JSON.stringify(record))]), 'hex').slice(0, 56)}`
}

function clientOf(target: unknown): string | undefined {
  return typeof target === 'string' && target.startsWith('client:') ? target.slice('client:'.length) : undefined
}

function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

function maybe(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function optional<K extends string, V>(name: K, value: V | undefined): {[key in K]?: V} {
  return (value === undefined ? {} : {[name]: value}) as {[key in K]?: V}
}
