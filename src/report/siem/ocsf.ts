import {hash} from 'node:crypto'

import {correlationIdOf, leafOf} from '../../trail/format/record.ts'
import {safeJson} from '../../untrusted.ts'
import {
  actionOf,
  type EventMembers,
  eventId,
  filled,
  instantOf,
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

/** The Open Cybersecurity Schema Framework that the events are written for. Pinned: later versions give members another meaning. */
const OCSF_VERSION = '1.8.0'

/** Activities of Remediation Activity (7001) by what is done. */
const ACTIVITIES = new Map<string, readonly [id: number, name: string]>([
  ['client_grant.delete', [2, 'Evict']],
  ['client.delete', [2, 'Evict']],
  ['client_grant.create', [3, 'Restore']],
  ['client_grant.restore', [3, 'Restore']],
  ['client_secret.rotate', [4, 'Harden']],
  ['client_secret.set', [4, 'Harden']],
  ['client_secret.read', [5, 'Detect']],
  ['log_streams.read', [5, 'Detect']],
  ['token.request', [5, 'Detect']],
])
const SEVERITY = {info: [1, 'Informational'], low: [2, 'Low'], medium: [3, 'Medium'], high: [4, 'High']} as const
const NAMED_SEVERITY = new Map<string, readonly [number, string]>([
  ['low', [2, 'Low']],
  ['medium', [3, 'Medium']],
  ['high', [4, 'High']],
  ['critical', [5, 'Critical']],
])

/**
 * One record as an event of OCSF 1.8: what is done to a tenant as Remediation Activity (7001), what is known, said or
 * decided in an incident as Incident Finding (2005). The record itself is text in `raw_data`, own members stand under
 * `unmapped.stanch`. Undefined for records of no incident (log, keys, sessions, credentials beside one): these classes have no
 * place for them, and the leaf hashes of the others cover them.
 */
export function ocsfEvent(event: TrailEvent): EventMembers | undefined {
  const {record} = event
  if (record.kind === 'intent' || record.kind === 'outcome' || record.kind === 'settle') return remediation(event)
  return textOf(record, 'inc') === '' ? undefined : finding(event)
}

/** @see ocsfEvent; empty when the record has no place in these classes */
export function ocsfLine(event: TrailEvent): string {
  const made = ocsfEvent(event)
  return made === undefined ? '' : `${safeJson(made)}\n`
}

function remediation(event: TrailEvent): EventMembers {
  const {record, around} = event
  const intent = around.intent ?? record
  const action = actionOf(event)
  const [activity, name] = ACTIVITIES.get(action) ?? [99, 'Other']
  const answer = partOf(record, 'res')
  const error = partOf(record, 'error')
  const [statusId, status] = statusOf(resultOf(event))
  const request = partOf(intent, 'req')
  return filled({
    ...classOf(7, 'Remediation', 7001, 'Remediation Activity', activity, name),
    ...common(event),
    severity_id: SEVERITY[weightOf(event)][0],
    severity: SEVERITY[weightOf(event)][1],
    status_id: statusId,
    status,
    status_code: numberOf(answer, 'status')?.toString() ?? '',
    status_detail: textOf(error, 'code'),
    command_uid: textOf(record, 'op') || eventId(event),
    duration: numberOf(answer, 'ms'),
    remediation: {desc: `${action || record.kind} ${targetOf(event)}`.trim()},
    api: {
      operation:
        [textOf(request, 'method'), textOf(request, 'path')].filter((part) => part !== '').join(' ') || action || record.kind,
      service: {name: 'Auth0 Management API'},
      request: {uid: textOf(record, 'corr') || correlationOf(event)},
      response: {code: numberOf(answer, 'status'), error: textOf(error, 'code')},
    },
  })
}

function finding(event: TrailEvent): EventMembers {
  const {record, around} = event
  const opening = record.kind === 'incident.open' ? record : (around.opening ?? record)
  const closes = record.kind === 'incident.close'
  const opens = record.kind === 'incident.open'
  const [activity, name] = opens ? [1, 'Create'] : closes ? [3, 'Close'] : [2, 'Update']
  const [severityId, severity] = NAMED_SEVERITY.get(
    (textOf(record, 'severity') || textOf(opening, 'severity')).toLowerCase(),
  ) ?? [0, 'Unknown']
  const [verdictId, verdict] = verdictOf(event)
  const ticket = textOf(record, 'ticket') || textOf(opening, 'ticket')
  return filled({
    ...classOf(2, 'Findings', 2005, 'Incident Finding', activity, name),
    ...common(event),
    severity_id: severityId,
    severity,
    status_id: opens ? 1 : closes ? 5 : 2,
    status: opens ? 'New' : closes ? 'Closed' : 'In Progress',
    verdict_id: verdictId,
    verdict,
    comment: record.kind === 'note' ? textOf(record, 'text') : textOf(record, 'finding'),
    desc: textOf(opening, 'leak'),
    assignee: {name: textOf(record, 'actor') || 'unknown'},
    tickets: ticket === '' ? [] : [{uid: ticket}],
    finding_info_list: [
      filled({
        uid: textOf(record, 'inc'),
        title: textOf(opening, 'title') || textOf(record, 'inc'),
        types: ['Leaked credential'],
        created_time: instantOf(opening),
        modified_time: instantOf(record),
        data_sources: [tenantOf(event)].filter((one) => one !== ''),
      }),
    ],
  })
}

function classOf(
  category: number,
  categoryName: string,
  uid: number,
  name: string,
  activity: number,
  activityName: string,
): EventMembers {
  return {
    category_uid: category,
    category_name: categoryName,
    class_uid: uid,
    class_name: name,
    activity_id: activity,
    activity_name: activityName,
    type_uid: uid * 100 + activity,
    type_name: `${name}: ${activityName}`,
  }
}

function common(event: TrailEvent): EventMembers {
  const {record, around, origin, leaf, mode, line} = event
  const {session, auth} = around
  const tool = session ? /^stanch\/([\w.+-]{1,40})$/.exec(textOf(session, 'tool'))?.[1] : undefined
  return {
    time: instantOf(record),
    time_dt: record.time,
    message: messageOf(event),
    metadata: filled({
      version: OCSF_VERSION,
      profiles: ['cloud', 'datetime', 'host'],
      product: filled({name: 'stanch', vendor_name: 'stanch', version: tool ?? ''}),
      uid: eventId(event),
      sequence: record.seq,
      event_code: record.kind,
      correlation_uid: textOf(record, 'inc'),
      tenant_uid: tenantOf(event),
      log_name: origin,
      log_provider: 'stanch',
      log_format: 'stanch-audit/1',
      original_time: record.time,
      original_event_uid: leaf,
      labels: [mode === 'sim' ? 'simulated' : 'real'],
    }),
    cloud: {provider: mode === 'sim' ? 'Auth0 (simulated)' : 'Auth0'},
    actor: filled({
      app_name: 'stanch',
      app_uid: auth ? textOf(auth, 'client_id') : '',
      user: filled({name: textOf(record, 'actor') || 'unknown'}),
      session: filled({uid: textOf(record, 'sid')}),
    }),
    device: filled({type_id: 0, type: 'Unknown', name: session ? textOf(session, 'host') || 'unknown' : 'unknown'}),
    raw_data: line,
    raw_data_size: Buffer.byteLength(line),
    raw_data_hash: {algorithm_id: 3, algorithm: 'SHA-256', value: hash('sha256', line, 'hex')},
    unmapped: {
      stanch: filled({
        origin,
        seq: record.seq,
        leaf,
        prev: record.prev,
        mode,
        kind: record.kind,
        iseq: numberOf(record, 'iseq'),
        target: targetOf(event),
        result: resultOf(event),
        intent_seq: numberOf(record, 'intent'),
        attempt: numberOf(record, 'try'),
      }),
    },
  }
}

/** Success and Failure only for what is known; an intent has no result yet. */
function statusOf(result: string): readonly [number, string] {
  switch (result) {
    case 'ok':
      return [1, 'Success']
    case 'refused':
    case 'failed':
    case 'not_done':
      return [2, 'Failure']
    case 'intended':
      return [99, 'intended']
    default:
      return [0, 'Unknown']
  }
}

function verdictOf(event: TrailEvent): readonly [number, string] {
  if (event.mode === 'sim') return [6, 'Test']
  if (event.record.kind !== 'incident.close') return [0, 'Unknown']
  switch (textOf(event.record, 'disposition')) {
    case 'false_alarm':
      return [1, 'False Positive']
    case 'contained':
      return [2, 'True Positive']
    case 'accepted':
      return [8, 'Security Risk']
    default:
      return [0, 'Unknown']
  }
}

/** The id under which the tenant's own log has the request of an intent: the head of the intent's leaf hash. */
function correlationOf(event: TrailEvent): string {
  const {record, around, leaf} = event
  if (record.kind === 'intent') return correlationIdOf(leaf)
  return around.intent ? correlationIdOf(leafOf(around.intent)) : eventId(event)
}
