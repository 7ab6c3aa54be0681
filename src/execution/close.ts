import type {CloseItem, Disposition} from '../incident/close-items.ts'
import {DISPOSITIONS} from '../incident/close-items.ts'
import {printable} from '../untrusted.ts'
import {ask} from './ask.ts'
import type {IncidentTrail} from './incident-trail.ts'
import type {Responder} from './responder.ts'

/** What a person said for letting an item be. */
export interface Waiver {
  readonly item: string
  readonly by: string
  readonly reason: string
}

type Asker = {readonly responder: Responder; readonly journal: IncidentTrail}

const WAIVE = 'close.waive.'

/** A waiver stands in the trail as a decision: who, and why. */
export function recordWaiver(journal: IncidentTrail, waiver: Waiver): void {
  journal.decision(`${WAIVE}${waiver.item}`, `waived by ${waiver.by}: ${waiver.reason}`)
}

/** Waivers on record, by item. */
export function waiversOf(records: Iterable<{readonly kind: string; readonly [member: string]: unknown}>): Map<string, Waiver> {
  const found = new Map<string, Waiver>()
  for (const record of records) {
    const {kind, question, answer} = record as {kind: string; question?: unknown; answer?: unknown}
    if (kind !== 'decision' || typeof question !== 'string' || !question.startsWith(WAIVE) || typeof answer !== 'string') continue
    const match = /^waived by ([^:]+): (.+)$/s.exec(answer)
    if (match)
      found.set(question.slice(WAIVE.length), {item: question.slice(WAIVE.length), by: match[1] ?? '', reason: match[2] ?? ''})
  }
  return found
}

/** How the incident ends, in the responder's word. */
export async function askDisposition(asker: Asker): Promise<Disposition> {
  const answer = await ask(asker, {
    id: 'close.disposition',
    kind: 'choice',
    ask: 'How did this incident end?',
    why: 'It stands in the record as the result, for the auditor and for the next incident.',
    effect: 'Nothing in the tenant. After the close nothing can be added to this incident.',
    undo: 'none: a reopened incident gets a new id that names this one',
    choices: [
      {value: 'contained', label: 'contained', detail: 'the leak was real, and what it opened is shut'},
      {value: 'false_alarm', label: 'false alarm', detail: 'nothing had leaked, or nothing that worked'},
      {value: 'accepted', label: 'accepted', detail: 'something stays open, and somebody answers for that'},
    ],
    unattended: 'refuse',
  })
  return DISPOSITIONS.find((one) => one === answer) ?? 'accepted'
}

export async function askCause(asker: Asker): Promise<string> {
  return ask(asker, {
    id: 'close.cause',
    kind: 'text',
    ask: 'What was the cause, in one sentence? (empty when nobody knows)',
    why: 'The auditor asks for it, and nobody will remember in a month.',
    effect: 'It is written into the record.',
    undo: 'none',
    unattended: '',
  })
}

/** One open item: done (steps for people, what a hunt found), waived by name and reason, or left open. */
export async function askItem(asker: Asker, item: CloseItem): Promise<'done' | 'open' | Waiver> {
  const manual = item.item.startsWith('manual.') || item.item.startsWith('hunt.')
  const answer = await ask(asker, {
    id: `close.item.${item.item}`,
    kind: 'choice',
    ask: manual ? 'Is this done?' : 'What about this?',
    screen: [printable(item.what, 400), `To deal with it: ${printable(item.how, 300)}`],
    why: 'The incident cannot be closed while this is open and nobody answers for it.',
    effect: 'done and waived are recorded under your name or the name you give; open keeps the incident open.',
    undo: 'none: the record keeps it',
    choices: [
      ...(manual ? [{value: 'done', label: 'yes, it is done'}] : []),
      {value: 'waive', label: 'no, and somebody answers for leaving it so'},
      {value: 'open', label: 'not yet: keep the incident open'},
    ],
    unattended: 'open',
  })
  if (answer === 'done') return 'done'
  if (answer !== 'waive') return 'open'
  const needed = (text: string) => (text.trim() === '' ? 'This is needed.' : undefined)
  const base = {
    why: 'A waiver without a name and a reason is none.',
    effect: 'It is written into the record.',
    undo: 'none',
    unattended: '',
    check: needed,
  } as const
  const by = await asker.responder.decide({...base, id: 'close.waived_by', kind: 'text', ask: 'Who answers for it?'})
  const reason = await asker.responder.decide({...base, id: 'close.waive_reason', kind: 'text', ask: 'Why may it stay so?'})
  return {item: item.item, by: named(by), reason: reason.trim()}
}

/** Shows the checkpoint and asks where it was posted; empty when it was not. */
export async function askAnchor(asker: Asker, body: string): Promise<string> {
  return asker.responder.decide({
    id: 'close.anchor',
    kind: 'text',
    ask: 'Where did you post it? Paste a link or reference (empty: nowhere)',
    screen: [
      'Post these three lines where others can show them later: the ticket, the chat, a mail.',
      '',
      ...body.trimEnd().split('\n'),
    ],
    why: 'Without a copy elsewhere, whoever owns this machine could put back an older state of the record, unseen.',
    effect: 'The reference is written into the record.',
    undo: 'none',
    unattended: '',
  })
}

/** A name as it stands in a waiver: without the colon that ends it. */
export function named(text: string): string {
  return printable(text.trim().replaceAll(':', ' '), 120)
}
