import {isSecretRead} from '../incident/secret-reads.ts'
import {parseRfc3339, humanDuration} from '../clock.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {inDoubt, tookEffect} from '../incident/replay.ts'
import type {Operation} from '../incident/replay.ts'
import {reopeningScopes} from '../incident/policy.ts'
import type {AudienceExposure} from '../incident/exposure.ts'
import type {Account} from './account.ts'
import {newestExposure, observed, ofKind, proofRecords, seqs, snapshotBefore, textOf} from './account.ts'
import {unknown} from './answered.ts'
import type {Answered} from './answered.ts'
import {code} from './markdown-text.ts'
import {leavings, unseen, whose} from './questions-hunt.ts'
import {newestHunt} from './report-learned.ts'

/** What is asked about the leak and what was done about it. */
export function leakQuestions(account: Account): Answered[] {
  return [
    whenKnown(account),
    howLongUsable(account),
    couldDo(account),
    didDo(account),
    cannotKnow(account),
    replaced(account),
    containmentWorked(account),
  ]
}

function whenKnown(account: Account): Answered {
  const {state} = account
  const told = ofKind(account, 'incident.open', 'incident.update')
  const change = changes(account)[0]
  const said = (what: string, member: string, flag: string): string => {
    const value = told.flatMap((record) => textOf(record, member) ?? []).at(-1)
    return value === undefined || value === 'unknown'
      ? `${what} is ${unknown(`nobody said so in the records${flag}`)}.`
      : `${what}: ${code(value, 40)}.`
  }
  return {
    id: 'when',
    question: 'When did you know, and when did you act?',
    answer: [
      said('When it leaked', 'leaked_at', ' (`stanch incident update ID --leaked-at`)'),
      said('When it was detected', 'detected_at', ''),
      said('When you knew', 'aware_at', ' (`stanch incident update ID --aware-at`)'),
      `The incident was opened at ${state.opened_at}; ${change ? `the first change was recorded at ${change.at}, before its request left (record ${change.seq})` : `a first change is ${unknown('no change was begun')}`}.`,
    ],
    records: [...seqs(told), ...(change ? [change.seq] : [])],
  }
}

/** How long tokens of an API live, and where that is known from. */
function lifetimeWords({token_lifetime_seconds, lifetime_source, older_until}: AudienceExposure): string {
  const source = {
    tenant: "the tenant's setting",
    log: 'the largest that the tenant log shows',
    policy: 'by policy',
    assumed_max: 'assumed',
  }[lifetime_source]
  const older =
    older_until === undefined ? '' : '; before the log at hand begins a larger lifetime may have stood, and 30 days are counted'
  return `${humanDuration(token_lifetime_seconds)}, ${source}${older}`
}

function howLongUsable(account: Account): Answered {
  const question = 'How long was it usable?'
  const found = newestExposure(account)
  if (!found) return {id: 'usable', question, answer: [unknown('no exposure was computed in this incident')], records: []}
  const {record, exposure} = found
  const leaked = account.state.leaked_at === undefined ? undefined : parseRfc3339(account.state.leaked_at)
  const contained = exposure.audiences.map((one) => (one.contained_at === undefined ? undefined : parseRfc3339(one.contained_at)))
  const last = contained.includes(undefined) || contained.length === 0 ? undefined : Math.max(...contained.map(Number))
  const lines = exposure.audiences.map(
    (one) =>
      `- ${code(one.name, 80)} (${code(one.audience, 160)}): ${one.contained_at === undefined ? 'not contained' : `no new token since ${one.contained_at}`}; issued tokens live until ${one.worst_case_until} at the latest (${lifetimeWords(one)})`,
  )
  return {
    id: 'usable',
    question,
    answer: [
      leaked === undefined
        ? `From the leak to containment: ${unknown('nobody said when it leaked')}.`
        : last === undefined
          ? 'From the leak until now: not every API is contained.'
          : `For new tokens: ${humanDuration(last - leaked)}, from ${code(account.state.leaked_at ?? '', 40)} until the last API was contained.`,
      ...(lines.length > 0 ? [lines.join('\n')] : []),
      `Tokens that were issued before: all clear ${exposure.all_clear.state === 'clear' ? 'since' : 'not before'} ${exposure.all_clear.worst_case_at}. Basis: ${code(exposure.all_clear.basis, 400)}.`,
    ],
    records: [record.seq],
  }
}

function couldDo(account: Account): Answered {
  const question = 'What could the holder have done?'
  const before = snapshotBefore(account)
  if (!before)
    return {
      id: 'could_do',
      question,
      answer: [unknown('no picture of the tenant before the first change is in the evidence')],
      records: [],
    }
  const {record, snapshot} = before
  const reach = snapshot.grants.map((grant) => {
    const scopes = grant.allow_all_scopes
      ? 'all scopes'
      : (grant.scope ?? []).map((scope) => code(scope, 80)).join(', ') || 'no scope'
    return `- tokens for ${code(grant.audience, 160)}${(grant.subject_type ?? 'client') === 'user' ? ' on behalf of users' : ''}: ${scopes}`
  })
  const reopening = reopeningScopes(snapshot)
  return {
    id: 'could_do',
    question,
    answer: [
      `As of ${snapshot.taken_at}, before the first change, the client ${code(snapshot.client.client_id, 80)} had ${reach.length} grant(s)${reach.length > 0 ? ':' : '.'}`,
      ...(reach.length > 0 ? [reach.join('\n')] : []),
      reopening.length > 0
        ? `An issued token could undo containment until the all clear, because its grant on the Management API held ${reopening.map((scope) => code(scope, 60)).join(', ')}.`
        : 'None of its scopes on the Management API let a token read new secrets or give itself access again.',
    ],
    records: [record.seq],
  }
}

/** The log by checkpoint may be in a thousand blobs: the first and the last record say where they are. */
function wholeLog(pages: readonly StoredRecord[]): string[] {
  const [first, last] = [pages[0], pages.at(-1)]
  if (!first || !last) return []
  const entries = pages.reduce((sum, record) => sum + Number(record['count'] ?? 0), 0)
  return [
    `The log of the whole tenant was kept too: ${entries} entries in ${pages.length} blob(s) of evidence (records ${first.seq} to ${last.seq}).`,
  ]
}

function didDo(account: Account): Answered {
  const question = 'What did the holder do, and how do you know?'
  const saved = observed(account, 'tenant_log.save')
  const hunt = newestHunt(account)
  const exposure = newestExposure(account)
  const tokens = exposure?.exposure.audiences.flatMap((one) => one.tokens) ?? []
  if (saved.length === 0 && tokens.length === 0) {
    return {
      id: 'did_do',
      question,
      answer: [unknown("none of the tenant's log entries about this client are in the evidence")],
      records: [],
    }
  }
  const watch = observed(account, 'watch').filter((record) => textOf(record, 'verdict') !== 'clear')
  const isPage = (record: (typeof saved)[number]) => textOf(record, 'target')?.startsWith('tenant_log:') === true
  const found = saved.filter((record) => !isPage(record))
  const pages = saved.filter(isPage)
  const homes = new Map<string, number>()
  for (const {ip} of tokens) homes.set(ip ?? 'no address', (homes.get(ip ?? 'no address') ?? 0) + 1)
  const from = [...homes].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 10)
  return {
    id: 'did_do',
    question,
    answer: [
      ...found.map(
        (record) =>
          `The tenant's log entries of this client were kept before anything was changed: ${code(textOf(record, 'finding') ?? '', 200)}, evidence ${code(textOf(record, 'evidence') ?? 'none')} (record ${record.seq}).`,
      ),
      ...wholeLog(pages),
      tokens.length === 0
        ? 'No issued token of this client is in them.'
        : `${tokens.length} issued token(s) of this client are in them, from ${from.map(([ip, count]) => `${code(ip, 90)} (${count})`).join(', ')}.`,
      ...watched(watch),
      ...whose(hunt),
    ],
    records: [
      ...seqs(found),
      ...seqs(watch.slice(0, 1)),
      ...seqs(watch.slice(-1)),
      ...seqs(pages.slice(0, 1)),
      ...seqs(pages.slice(-1)),
      ...(exposure ? [exposure.record.seq] : []),
      ...('record' in hunt ? [hunt.record] : []),
    ],
  }
}

/** What the watch saw after the containment, by kind; the words of its records hold addresses, so they are not repeated. */
function watched(watch: readonly StoredRecord[]): string[] {
  const kinds = new Map<string, {events: number; records: number[]}>()
  for (const record of watch) {
    const kind = textOf(record, 'verdict') ?? 'other'
    const one = kinds.get(kind) ?? {events: 0, records: []}
    kinds.set(kind, one)
    one.events += Number(record['count'] ?? 1)
    one.records.push(record.seq)
  }
  if (kinds.size === 0) return []
  const list = [...kinds].map(
    ([kind, {events, records}]) =>
      `${code(kind, 40)}: ${events} event(s) in ${records.length} record(s), ${records[0]} to ${records.at(-1)}`,
  )
  return [`What the watch saw after the containment: ${list.join('; ')}. A \`tripwire\` is a use of what leaked.`]
}

function cannotKnow(account: Account): Answered {
  const gaps = ofKind(account, 'gap')
  const hunt = newestHunt(account)
  const seen = new Map(gaps.map((record) => [`${textOf(record, 'what')} ${textOf(record, 'why')}`, record]))
  return {
    id: 'cannot_know',
    question: 'What can you not know?',
    answer:
      gaps.length === 0
        ? [
            'No evidence gap was recorded. What is done with a token inside an API that keeps its own log is in that log, not here.',
            ...unseen(hunt),
          ]
        : [
            [...seen.values()]
              .map(
                (record) =>
                  `- ${code(textOf(record, 'what') ?? '', 300)}: ${code(textOf(record, 'why') ?? '', 600)} (record ${record.seq})`,
              )
              .join('\n'),
            'What is done with a token inside an API that keeps its own log is in that log, not here.',
            ...unseen(hunt),
          ],
    records: [...seqs(gaps), ...('record' in hunt ? [hunt.record] : [])],
  }
}

function replaced(account: Account): Answered {
  const {state} = account
  const own = changes(account)
  const line = (one: Operation): string =>
    `- ${code(one.action, 60)} on ${code(one.target, 160)}: ${inDoubt(one) ? `what it did is ${unknown('no usable answer came')}` : tookEffect(one) ? `done${one.settled === undefined ? '' : ', settled by looking'}` : 'not done'} (${['intent in record ' + one.seq, ...endsOf(account, one).map((seq) => `its end in ${seq}`)].join(', ')})`
  const rotated = own.findLast((one) => one.action === 'client_secret.rotate' && tookEffect(one))
  const delivered = state.deliveries.at(-1)
  const before = snapshotBefore(account)
  const hunt = newestHunt(account)
  const reachedOthers = before ? reopeningScopes(before.snapshot).length > 0 : undefined
  return {
    id: 'replaced',
    question: 'Was every affected credential replaced?',
    answer: [
      own.length === 0 ? `Whether any was is ${unknown('no change of a credential is on record')}.` : own.map(line).join('\n'),
      rotated
        ? `The client secret was replaced; ${delivered ? `the new one ${delivered.result === 'ok' ? 'went to' : 'did not reach its place and is in'} ${code(delivered.sink, 200)}` : `where the new one went is ${unknown('no delivery is on record')}`}. ${changed(rotated)}`
        : `That the client secret is another one is ${unknown('no rotation that took effect is on record')}.`,
      reachedOthers === false
        ? "Credentials of other clients could not be read with this one's scopes."
        : `Whether credentials of other clients were read or changed is ${unknown(reachedOthers === undefined ? 'what this one could reach before is not in the evidence' : 'its scopes on the Management API may have allowed it: reads that returned a secret, and changes, stand in the log of the tenant')}.`,
      ...leavings(hunt),
    ],
    records: [
      ...own.flatMap((one) => [one.seq, ...endsOf(account, one)]),
      ...seqs(ofKind(account, 'deliver')),
      ...('record' in hunt ? [hunt.record] : []),
    ],
  }
}

/** Numbers of the records that say how a request ended: its outcome, and the settle of one that was lost. */
function endsOf({records}: Account, {seq}: Operation): number[] {
  return seqs(records.filter(({kind, intent}) => (kind === 'outcome' || kind === 'settle') && intent === seq))
}

/** Is it proven by keyed fingerprints that a rotation made another secret? */
function changed({before, after, settled}: Operation): string {
  if (before !== undefined && after !== undefined)
    return before === after
      ? 'The keyed fingerprints of the old and the new are EQUAL: the secret did not change.'
      : 'The keyed fingerprints of the old and the new differ, without revealing either.'
  if (settled !== undefined) return 'No usable answer came; that it changed was found by looking afterwards.'
  return `Whether the fingerprints of the old and the new differ is ${unknown(`that of the ${before === undefined ? 'old' : 'new'} one is not on record: it could not be read`)}.`
}

function containmentWorked(account: Account): Answered {
  const question = 'Did containment work, by what proof?'
  const proofs = proofRecords(account)
  if (proofs.length === 0) return {id: 'proof', question, answer: [unknown('no proof was made in this incident')], records: []}
  const open = proofs.filter((record) => textOf(record, 'verdict') !== 'proven')
  return {
    id: 'proof',
    question,
    answer: [
      open.length === 0 ? 'Every claim was proven:' : `${open.length} of ${proofs.length} claims are not proven:`,
      proofs
        .map(
          (record) =>
            `- ${code((textOf(record, 'action') ?? '').slice('verify.'.length), 60)} for ${code(textOf(record, 'target') ?? '', 160)}: ${code(textOf(record, 'verdict') ?? 'not_proven', 20)}, ${textOf(record, 'first_at') ?? '?'} to ${textOf(record, 'last_at') ?? '?'} in tenant time; ${code(textOf(record, 'finding') ?? '', 400)} (record ${record.seq})`,
        )
        .join('\n'),
      'A refusal counts as proven by at least three well-formed refusals in an unbroken run, the last no earlier than 35 s after the change. Issued access tokens cannot be revoked; each lives until its `exp`.',
    ],
    records: seqs(proofs),
  }
}

/** Operations that change the tenant, oldest first. */
function changes(account: Account): Operation[] {
  return account.state.operations.filter((one) => one.action !== 'token.request' && !isSecretRead(one.action))
}
