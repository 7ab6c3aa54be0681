import type {StoredRecord} from '../trail/format/record.ts'
import {numberOf, partOf, textOf} from './account.ts'
import {printable} from '../untrusted.ts'

/** One record in one line, for people: our words and foreign text, which is printable and no markup of any kind. */
export function plainWords(record: StoredRecord): string {
  const said = (member: string, before = ''): string[] => {
    const value = textOf(record, member)
    return value === undefined ? [] : [`${before}${printable(value, 200)}`]
  }
  const act = [...said('action'), ...said('target', 'on ')].join(' ')
  switch (record.kind) {
    case 'log.open':
      return [...said('origin', 'log '), ...said('mode')].join(', ')
    case 'session.open':
      return [...said('actor'), ...said('tool'), ...said('host', 'on ')].join(', ')
    case 'auth':
      return [...said('client_id', 'client '), ...said('subject', 'the token proves '), ...said('tenant', 'at ')].join(', ')
    case 'incident.open':
    case 'incident.update':
      return [
        ...said('title'),
        ...said('leak'),
        ...said('target'),
        ...said('ticket', 'ticket '),
        ...said('leaked_at', 'leaked '),
        ...said('aware_at', 'known '),
      ].join(', ')
    case 'incident.close':
      return [...said('disposition'), ...said('cause', 'cause '), ...said('all_clear_at', 'all clear '), ...said('summary')].join(
        ', ',
      )
    case 'plan':
      return [...said('plan_sha256', 'plan '), ...runbook(record)].join(', ')
    case 'intent':
      return `${act}: ${[...said('why')].join('')}`
    case 'outcome':
      return `${act}: ${[...said('result'), ...answer(record), `intent ${numberOf(record, 'intent') ?? '?'}`].join(', ')}`
    case 'settle':
      return [...said('result'), ...said('by', 'by '), `intent ${numberOf(record, 'intent') ?? '?'}`].join(', ')
    case 'observe':
      return `${act}: ${[...said('verdict'), ...said('finding')].join(', ')}`
    case 'decision':
      return [
        ...said('question'),
        `answer ${printable(JSON.stringify(record['answer'] ?? null), 200)}`,
        ...said('actor', 'by '),
      ].join(', ')
    case 'approval':
      return [...said('by', 'by '), ...said('via', 'via '), ...said('plan_sha256', 'plan ')].join(', ')
    case 'gap':
      return [...said('what'), ...said('why')].join(': ')
    case 'note':
      return [...said('text'), ...said('actor', 'by ')].join(', ')
    case 'deliver':
      return [...said('sink'), ...said('result')].join(', ')
    case 'export':
      return [...said('to', 'to '), ...said('form'), ...said('sha256')].join(', ')
    case 'anchor':
      return [...said('type'), `size ${numberOf(record, 'size') ?? '?'}`].join(', ')
    case 'reconcile':
      return [...said('from', 'from '), ...said('to', 'to '), `matched ${numberOf(record, 'matched') ?? '?'}`].join(', ')
    default:
      return [...said('reason'), ...said('origin'), ...said('target')].join(', ') || 'see the record'
  }
}

function answer(record: StoredRecord): string[] {
  const {status, date} = partOf(record, 'res')
  const instant = typeof date === 'string' ? Date.parse(date) : Number.NaN
  return [
    ...(typeof status === 'number' ? [`status ${status}`] : []),
    ...(Number.isFinite(instant) ? [`tenant time ${new Date(instant).toISOString().replace('.000Z', 'Z')}`] : []),
  ]
}

function runbook(record: StoredRecord): string[] {
  const {id, version} = partOf(record, 'runbook')
  return typeof id === 'string' ? [`runbook ${printable(id, 80)}${typeof version === 'number' ? ` version ${version}` : ''}`] : []
}
