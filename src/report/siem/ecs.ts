import {safeJson} from '../../untrusted.ts'
import {
  actionOf,
  eventId,
  filled,
  messageOf,
  numberOf,
  partOf,
  resultOf,
  targetOf,
  tenantOf,
  textOf,
  type TrailEvent,
  weightOf,
} from './event.ts'

/** The Elastic Common Schema that the fields are from. */
const ECS_VERSION = '8.17.0'

/** Category and type by what was done; only values that ECS allows together. */
const CHANGES = new Map<string, readonly [category: string, type: string]>([
  ['client_grant.delete', ['iam', 'deletion']],
  ['client_grant.create', ['iam', 'creation']],
  ['client_grant.restore', ['iam', 'creation']],
  ['client_secret.rotate', ['iam', 'change']],
  ['client_secret.set', ['iam', 'change']],
  ['client_secret.read', ['iam', 'info']],
  ['log_streams.read', ['configuration', 'info']],
  ['client.create', ['iam', 'creation']],
  ['client.delete', ['iam', 'deletion']],
])

const SEVERITY = {info: 21, low: 47, medium: 73, high: 99} as const

/**
 * One record as a line of the Elastic Common Schema. Own members stand under `stanch`, each with one type for ever, so
 * that an index never sees the same field as text and as a list; the record itself is text, in `event.original`.
 */
export function ecsLine(event: TrailEvent): string {
  const {record, around, leaf, origin, mode} = event
  const request = partOf(around.intent ?? record, 'req')
  const answer = partOf(record, 'res')
  const error = partOf(record, 'error')
  const ms = numberOf(answer, 'ms')
  const actor = textOf(record, 'actor')
  const client = around.auth ? textOf(around.auth, 'client_id') : ''
  const host = around.session ? textOf(around.session, 'host') : ''
  const [category, type] = categoryOf(event)
  return `${safeJson(
    filled({
      '@timestamp': record.time,
      message: messageOf(event),
      ecs: {version: ECS_VERSION},
      event: {
        kind: 'event',
        category: [category],
        type: [type],
        action: actionOf(event) || record.kind,
        outcome: outcomeOf(resultOf(event)),
        id: eventId(event),
        sequence: record.seq,
        hash: leaf,
        original: event.line,
        provider: 'stanch',
        dataset: 'stanch.audit',
        severity: SEVERITY[weightOf(event)],
        duration: ms === undefined ? undefined : ms * 1_000_000,
        reference: textOf(record, 'corr'),
      },
      user: {name: actor},
      host: {hostname: host},
      process: {pid: around.session ? numberOf(around.session, 'pid') : undefined},
      http: {
        request: {method: textOf(request, 'method')},
        response: {status_code: numberOf(answer, 'status')},
      },
      url: {path: textOf(request, 'path'), domain: textOf(request, 'path') === '' ? '' : tenantOf(event)},
      error: {code: textOf(error, 'code')},
      related: {user: [actor, client].filter((one) => one !== ''), hosts: [host, tenantOf(event)].filter((one) => one !== '')},
      labels: {simulated: mode === 'sim' ? 'true' : 'false'},
      tags: mode === 'sim' ? ['simulated'] : [],
      stanch: {
        origin,
        seq: record.seq,
        leaf,
        prev: record.prev,
        mode,
        kind: record.kind,
        incident: textOf(record, 'inc'),
        iseq: numberOf(record, 'iseq'),
        tenant: tenantOf(event),
        target: targetOf(event),
        operation: textOf(record, 'op'),
        attempt: numberOf(record, 'try'),
        intent_seq: numberOf(record, 'intent'),
        result: resultOf(event),
        acting_client: client,
      },
    }),
  )}\n`
}

function categoryOf(event: TrailEvent): readonly [string, string] {
  const {kind} = event.record
  if (kind === 'intent' || kind === 'outcome' || kind === 'settle')
    return CHANGES.get(actionOf(event)) ?? ['configuration', 'info']
  switch (kind) {
    case 'session.open':
      return ['session', 'start']
    case 'session.close':
      return ['session', 'end']
    case 'auth':
      return ['authentication', 'start']
    default:
      return ['configuration', 'info']
  }
}

function outcomeOf(result: string): string {
  if (result === 'ok') return 'success'
  if (result === 'refused' || result === 'failed' || result === 'not_done') return 'failure'
  return result === '' ? '' : 'unknown'
}
