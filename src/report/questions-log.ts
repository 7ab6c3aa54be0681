import {blobsOf} from '../trail/format/blobs.ts'
import type {StoredRecord} from '../trail/format/record.ts'
import {inDoubt} from '../incident/replay.ts'
import type {Account} from './account.ts'
import {numberOf, observed, ofKind, partOf, seqs, textOf} from './account.ts'
import {unknown} from './answered.ts'
import type {Answered} from './answered.ts'
import {code, recordsText} from './markdown-text.ts'
import {CORRELATION_QUERY, isLoggedChange} from './correlation.ts'

/** What is asked about the log itself. */
export function logQuestions(account: Account): Answered[] {
  return [
    whoCouldChange(account),
    isComplete(account),
    outsideAnchors(account),
    providerAgrees(account),
    toolWorked(account),
    clockRight(account),
    custody(account),
  ]
}

function whoCouldChange(account: Account): Answered {
  const sessions = ofKind(account, 'session.open')
  const homes = [
    ...new Set(
      sessions.map((one) => `${code(textOf(one, 'os_user') ?? 'unknown', 60)} on ${code(textOf(one, 'host') ?? 'unknown', 120)}`),
    ),
  ]
  return {
    id: 'who_could_change',
    question: 'Who could have changed this log?',
    answer: [
      `While it was written: whoever could act as ${homes.join(' or ')}, because log and keys belong to that account. What such a person makes the tool write is signed like the truth.`,
      `Afterwards, unnoticed: nobody without its keys. Every record here leads by its proof to the root that checkpoint of size ${account.log.size} signs, with the identity key ${code(account.log.vkey)}. In the whole log, which shows the sealed key epochs, a thief of the current keys could rewrite the records since the newest epoch, or put back an older state. A slice does not show them: a thief of the identity key could make one anew. What speaks against both are anchors outside the machine, see the question about anchors.`,
    ],
    records: [0, ...seqs(sessions)],
  }
}

function isComplete(account: Account): Answered {
  const own = account.records.filter((record) => record['inc'] === account.state.incident_id)
  const last = own.at(-1)
  const closed = last?.kind === 'incident.close'
  const open = account.state.operations.filter(inDoubt)
  const {recovered} = account.log
  return {
    id: 'complete',
    question: 'Is it complete: a gap in the sequence, a stop of the logging?',
    answer: [
      `The incident's ${own.length} records carry their own numbers 0 to ${numberOf(last, 'iseq') ?? 0}, without a gap. ${
        closed
          ? 'The last is its end; none can follow under this id.'
          : 'Its end is not among them: it was not closed when this was made, so later records may exist.'
      }`,
      recovered.length === 0
        ? 'No writer died in the middle of an append: the whole log holds no `log.recovered` record up to this checkpoint.'
        : `A writer died in the middle of an append, or somebody appended without keys, at ${recordsText(recovered)} of the whole log; what was found then is marked for ever.`,
      open.length === 0
        ? 'Every change that was begun has its end on record.'
        : `What ${open.length} change(s) did is ${unknown(`no usable answer came and nobody has looked yet (${recordsText(open.map((one) => one.seq))})`)}.`,
      'That nothing was done beside the tool is a question for the tenant\'s own log, see "Does the provider\'s own log agree?".',
    ],
    records: [...seqs(own.slice(0, 1)), ...seqs(own.slice(-1))],
  }
}

function outsideAnchors(account: Account): Answered {
  const anchors = ofKind(account, 'anchor')
  const waived = ofKind(account, 'decision').filter((record) => textOf(record, 'question')?.includes('anchor'))
  const named = [
    ...anchors.map(
      (one) => `${code(textOf(one, 'type') ?? 'unknown', 40)} at size ${numberOf(one, 'size') ?? '?'} (record ${one.seq})`,
    ),
    ...account.log.witnesses.map(
      (name) =>
        `countersigned in the checkpoint in the name of ${code(name, 120)} (whether by their key: \`--witness VKEY\`, README.md)`,
    ),
  ]
  const calls = ofKind(account, 'outcome').filter(isLoggedChange)
  return {
    id: 'anchors',
    question: 'What outside this machine anchors it, and what stays possible without more?',
    answer: [
      named.length > 0
        ? `Anchors on record: ${named.join('; ')}.`
        : `Anchors outside the responder's machine: ${unknown('none is on record up to this checkpoint; with none, a rollback to an older complete state or a rewrite by a holder of the keys cannot be excluded from these files alone')}.`,
      stillPossible(account, anchors),
      ...(waived.length > 0 ? [`Decided about anchors: ${recordsText(seqs(waived))}.`] : []),
      calls.length > 0
        ? `The tenant's own log is one that nobody here controls: each acknowledged change went out with its correlation id, which is the hash of its intent and through it fixes every record before. Look for the ${calls.length} values of \`corr\` (\`${CORRELATION_QUERY}\`) under \`references.correlation_id\` in your own archive of tenant logs.`
        : "No change was acknowledged by the Management API, so the tenant's own log holds no correlation id to look for.",
    ],
    records: [...seqs(anchors), ...seqs(waived), ...seqs(calls)],
  }
}

/** What the anchors leave open; that of the tenant covers records before an intent and is looked for elsewhere. */
function stillPossible({log}: Account, anchors: readonly StoredRecord[]): string {
  const words = 'that the words were untrue when they were written on a hostile machine'
  const sizes = anchors.filter((one) => textOf(one, 'type') !== 'tenant').map((one) => numberOf(one, 'size') ?? 0)
  const held = log.witnesses.length > 0 ? log.size : Math.max(0, ...sizes)
  if (held === 0)
    return `What stays possible, as far as others hold nothing: a rollback to an older complete state, records made anew by a holder of the keys, and ${words}.`
  const later =
    held < log.size
      ? `of the ${log.size - held} record(s) after them a rewrite by a holder of the present keys, or a rollback to where they begin; `
      : ''
  return `Whoever holds the newest of these notices a change of the first ${held} of the ${log.size} records: hold it against this bundle (README.md). What stays possible: ${later}a rollback to this state; ${words}.`
}

function providerAgrees(account: Account): Answered {
  const done = ofKind(account, 'reconcile')
  const newest = done.at(-1)
  const question = "Does the provider's own log agree?"
  if (!newest) {
    return {
      id: 'provider_agrees',
      question,
      answer: [unknown('no reconciliation with the tenant log is on record: `stanch audit reconcile` makes one')],
      records: [],
    }
  }
  const findings = Array.isArray(newest['findings']) ? newest['findings'].length : 0
  return {
    id: 'provider_agrees',
    question,
    answer: [
      `Reconciled ${done.length} time(s). The newest looked at ${code(textOf(newest, 'from') ?? '?', 40)} to ${code(textOf(newest, 'to') ?? '?', 40)}, covered to ${code(textOf(newest, 'covered_to') ?? '?', 40)}: ${numberOf(newest, 'matched') ?? 0} of our calls were matched, and ${findings === 0 ? 'it found nothing else' : `${findings} finding(s) stand in it: ${code(JSON.stringify(newest['findings']), 600)}`}.`,
    ],
    records: seqs(done),
  }
}

function toolWorked(account: Account): Answered {
  const sessions = ofKind(account, 'session.open')
  const tools = [
    ...new Set(
      sessions.map(
        (one) =>
          `${code(textOf(one, 'tool') ?? 'unknown', 60)} with Node ${code(textOf(one, 'node') ?? 'unknown', 40)} on ${code(textOf(one, 'platform') ?? 'unknown', 60)}`,
      ),
    ),
  ]
  const builds = [...new Set(sessions.flatMap((one) => textOf(one, 'build') ?? []))]
  const checks = observed(account, 'self_test')
  return {
    id: 'tool',
    question: 'Did the tool work properly when it recorded?',
    answer: [
      `It was ${tools.join('; ') || 'not named'}. A record is written before each request and is on the disk before the request leaves; a record that cannot be written stops the work.`,
      builds.length > 0
        ? `SHA-256 of what ran: ${builds.map((one) => code(one)).join(', ')}. It is that of the build's list of its files, \`dist/SHA256SUMS\`; \`cd dist && sha256sum -c SHA256SUMS\` says whether an installation is still that build.`
        : `Which build ran is ${unknown('its sessions name a version and no hash')}.`,
      checks.length > 0
        ? `Its checks before the work: ${recordsText(seqs(checks))}.`
        : `The result of a self-test is ${unknown('none is on record')}.`,
    ],
    records: [...seqs(sessions), ...seqs(checks)],
  }
}

function clockRight(account: Account): Answered {
  const question = 'Was the clock right?'
  const skews = ofKind(account, 'outcome').flatMap((record) => {
    const {date} = partOf(record, 'res')
    const server = typeof date === 'string' ? Date.parse(date) : Number.NaN
    return Number.isFinite(server) ? [{seq: record.seq, seconds: Math.round((server - Date.parse(record.time)) / 1000)}] : []
  })
  if (skews.length === 0) {
    return {
      id: 'clock',
      question,
      answer: [unknown("no answer of the tenant with its own time is on record to compare this machine's clock with")],
      records: [],
    }
  }
  const least = skews.reduce((a, b) => (b.seconds < a.seconds ? b : a))
  const most = skews.reduce((a, b) => (b.seconds > a.seconds ? b : a))
  return {
    id: 'clock',
    question,
    answer: [
      `The tenant's Date header stood between ${least.seconds} s and ${most.seconds} s from this machine's time, over ${skews.length} answers (positive: the tenant was ahead).${
        account.mode === 'sim' ? ' A simulated tenant has a clock of its own, which waits move forward.' : ''
      } Instants about the tenant (proofs, all clear) are in its time.`,
    ],
    records: [least.seq, most.seq],
  }
}

function custody(account: Account): Answered {
  const exports = ofKind(account, 'export')
  const blinded = observed(account, 'evidence.blinded')
  const named = account.records.filter((record) => blobsOf(record).length > 0)
  const blobs = new Set(named.flatMap((record) => blobsOf(record)))
  return {
    id: 'custody',
    question: 'Who has held the evidence, and are copies identical with the originals?',
    answer: [
      `${blobs.size} blob(s) are named by SHA-256 in the records that were written when they were collected, so that any copy can be compared (\`manifest.json\` says which record and when). ${blinded.length === 0 ? 'None was replaced by a blinded copy.' : `${blinded.length} blinded copies of them were made; their records name both hashes.`}`,
      exports.length === 0
        ? `Whom it was handed to before is ${unknown('no export is on record up to this checkpoint')}. That this bundle is handed over is recorded after it was made, so that record is not in it: ask for it by the SHA-256 of \`MANIFEST.sha256\` or of the archive (\`stanch audit show --kind export\`).`
        : `Handed over before: ${exports.map((one) => `${code(textOf(one, 'form') ?? '?', 60)} to ${code(textOf(one, 'to') ?? 'nobody named', 120)} at ${one.time} (record ${one.seq})`).join('; ')}.`,
      `Whether files were copied by other means is ${unknown('a copy leaves no record by itself')}.`,
    ],
    records: [...seqs(named), ...seqs(blinded), ...seqs(exports)],
  }
}
