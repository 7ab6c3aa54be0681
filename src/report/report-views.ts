import type {Account} from './account.ts'
import {newestExposure, ofKind, textOf} from './account.ts'
import {labels} from './personal.ts'
import type {Names} from './personal.ts'
import type {Report} from './report.ts'

/** `war-room`: all; `auditor`: no personal data; `partner`: what a third party needs, nothing of others. */
export const VIEWS = ['war-room', 'auditor', 'partner'] as const
export type View = (typeof VIEWS)[number]

/** What each view leaves out, in sentences. */
export const LEFT_OUT: Readonly<Record<View, readonly string[]>> = {
  'war-room': [],
  'auditor': [
    'Personal data: people, machines, accounts, e-mail addresses, user ids, IP addresses and user agents are labels such as [person 1]; the same value has the same label throughout this document. Each can be asked for by its record.',
    'The text of free notes. Other free words (title, reasons, findings) are as they were written, with what looks like the above replaced; a name in plain words is not recognised by its look.',
    'Where the new secret was put, beyond the kind of place.',
  ],
  'partner': [
    "Who responded, decided and approved; notes; the responders' own records, acts and evidence.",
    'Everything about other applications: what was hunted for and found, and other users of this tenant.',
    'Addresses, accounts and tokens one by one; free words of the responders.',
  ],
}

/** What a view leaves out is not in the result. The war room's report comes back as it is. */
export function limitTo(report: Report, view: View, account: Account): Report {
  if (view === 'war-room') return report
  const limited = view === 'auditor' ? forAuditor(report) : forPartner(report, account)
  const named = labels({...namesIn(account), agents: agentsIn(report)})
  return named({...limited, view, left_out: LEFT_OUT[view]})
}

function forAuditor(report: Report): Report {
  const {people, course} = report
  return {
    ...report,
    course: {
      ...course,
      rows: course.rows.map((row) =>
        'record' in row.source && people?.notes.some((note) => 'record' in row.source && note.record === row.source.record)
          ? {...row, what: 'a note'}
          : row,
      ),
    },
    ...(people ? {people: {...people, notes: people.notes.map((note) => ({...note, text: 'left out'}))}} : {}),
  }
}

/** Built anew from what may be said, so that a member that is added later is not handed out by itself. */
function forPartner(report: Report, account: Account): Report {
  const {course, times} = report
  const {window} = course
  const shared = new Set(['leaked', 'contained', 'proven', 'all_clear', 'closed'])
  return {
    format: report.format,
    view: 'partner',
    left_out: [],
    incident_id: report.incident_id,
    simulated: report.simulated,
    tenant: report.tenant,
    client: report.client,
    leak: report.leak,
    opened_at: report.opened_at,
    ...(report.closed_at === undefined ? {} : {closed_at: report.closed_at}),
    verdict: report.verdict,
    all_clear: withoutRecord(report.all_clear),
    next: partnerNext(report),
    evidence_gaps: newestExposure(account)?.exposure.evidence_gaps.map(({what, why}) => ({what, why})) ?? [],
    leaked: {
      kind: report.leaked.kind,
      words: report.leaked.words,
      ...(report.leaked.leaked_at === undefined ? {} : {leaked_at: report.leaked.leaked_at}),
      could: withoutRecord(report.leaked.could),
    },
    claims: report.claims.map((claim) => ({...withoutRecord(claim), probe_records: []})),
    course: {window, rows: [], tokens: [], omitted: 0, holder: 'left out'},
    times: {
      moments: times.moments.filter((one) => shared.has(one.id)).map(withoutRecord),
      spans: times.spans.filter((one) => shared.has(one.from) && shared.has(one.to)),
      clocks: {...times.clocks, items: []},
    },
  }
}

/** Numbers of records that a reader does not get say nothing. */
function withoutRecord<T extends {readonly record?: number}>({record: _, ...rest}: T): Omit<T, 'record'> {
  return rest
}

/** What the owner of the application has to do, whatever the responders still have to. */
export function partnerNext(report: Report): string[] {
  const {acts = [], all_clear: clear, client} = report
  const done = (action: string) => acts.some((one) => one.action === action && one.result.startsWith('done'))
  const name = client.name ?? client.client_id ?? 'this application'
  return [
    ...(done('client_secret.rotate')
      ? [`deploy the new client secret of ${name} wherever it runs; it is handed over separately, never in this document`]
      : []),
    ...(done('client_grant.delete') && !done('client_grant.create')
      ? [`expect ${name} to get no new tokens until its access is given back`]
      : []),
    ...(clear.moves
      ? [`until the responders say that it is contained, treat calls that carry a token of ${name} as possibly not yours`]
      : []),
    ...(clear.state === 'open' && clear.worst_case_at !== undefined && !clear.moves
      ? [`until ${clear.worst_case_at} treat calls that carry an older token of ${name} as possibly not yours`]
      : []),
    `look for uses of ${name} that are not yours, and tell the responders of ${report.incident_id}`,
  ]
}

/** Whom and what the trail itself names: responders, their accounts and machines. */
function namesIn(account: Account): Omit<Names, 'agents'> {
  const sessions = ofKind(account, 'session.open')
  const all = (member: string, records = account.records) => records.flatMap((record) => textOf(record, member) ?? [])
  return {
    people: [...new Set([...all('actor'), ...all('os_user', sessions), ...all('by', ofKind(account, 'approval'))])],
    machines: [...new Set(all('host', sessions))],
  }
}

/** User agents that a field of the report holds; a sentence of it may hold them once more. */
function agentsIn({consumers, course, hunt}: Report): string[] {
  const found = [
    ...course.tokens.map((one) => one.user_agent),
    ...(consumers === undefined || 'not_known' in consumers ? [] : consumers.items.map((one) => one.user_agent)),
    ...(hunt === undefined || 'not_known' in hunt ? [] : (hunt.suspects['user_agents'] ?? [])),
  ]
  return [...new Set(found.filter((one) => one !== undefined))]
}
