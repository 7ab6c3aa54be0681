import {humanDuration, parseRfc3339, rfc3339} from '../clock.ts'
import {cell, tableLines} from './markdown-text.ts'
import type {Report} from './report.ts'
import {isNotKnown} from './report.ts'
import type {Moment} from './report-times.ts'

/** What a drill's simulated tenant saw. */
export interface ScoreFacts {
  readonly scenario: string
  /** NumericDate, tenant time: when the drill began, and when its report was made. */
  readonly began_at: number
  readonly ready_at: number
  readonly attacker: {
    readonly before: {readonly minted: number; readonly calls_accepted: number}
    readonly after: {readonly minted: number; readonly refused: number; readonly calls_accepted: number}
    readonly contained_at?: string
    readonly last_token_expires_at?: string
  }
  readonly consumer: {readonly calls_ok: number; readonly calls_failed: number; readonly mints_failed: number}
  readonly changes_without_intent: number
}

/** A time against its target, both from the beginning of the drill, seconds of tenant time. */
export interface Target {
  readonly words: string
  readonly target_seconds: number
  readonly seconds?: number
  readonly met: boolean
  /** Present when there is no time. */
  readonly not_known?: string
}

/** How well a drill went: for those who practised, and for the auditor's folder. */
export interface ScoreCard {
  readonly format: 'stanch-score-card/1'
  readonly simulated: true
  readonly scenario: string
  readonly incident_id: string
  readonly began_at: string
  readonly verdict: string
  readonly targets: readonly Target[]
  /** What was missed, in sentences; empty when nothing was. */
  readonly missed: readonly string[]
  readonly attacker: ScoreFacts['attacker']
  readonly consumer: ScoreFacts['consumer']
  /** The incident's own report, in the auditor's view. */
  readonly report: Report
}

/** Targets of the mission, seconds: first safe act, contained and proven, report on the desk. */
const FIRST_ACT = 120
const PROVEN = 600
const READY = 900

/** @param report of the drill's incident, in the auditor's view */
export function scoreCard(report: Report, facts: ScoreFacts): ScoreCard {
  const {began_at: began} = facts
  const at = (id: Moment['id']) => report.times.moments.find((one) => one.id === id)
  const both = [at('contained'), at('proven')]
  const later = both.every((one) => one?.at !== undefined)
    ? both.toSorted((a, b) => (parseRfc3339(a?.at ?? '') ?? 0) - (parseRfc3339(b?.at ?? '') ?? 0)).at(-1)
    : both.find((one) => one?.at === undefined)
  const targets = [
    target('first safe act', FIRST_ACT, began, at('first_act')),
    target('contained and proven', PROVEN, began, later),
    target('report ready', READY, began, {id: 'closed', words: '', at: rfc3339(facts.ready_at)}),
  ]
  return {
    format: 'stanch-score-card/1',
    simulated: true,
    scenario: facts.scenario,
    incident_id: report.incident_id,
    began_at: rfc3339(began),
    verdict: report.verdict.words,
    targets,
    missed: missed(report, facts, targets),
    attacker: facts.attacker,
    consumer: facts.consumer,
    report,
  }
}

function target(words: string, seconds: number, began: number, moment: Moment | undefined): Target {
  const reached = moment?.at === undefined ? undefined : parseRfc3339(moment.at)
  if (reached === undefined)
    return {words, target_seconds: seconds, met: false, not_known: moment?.not_known ?? 'not known, because it was not reached'}
  const taken = Math.max(0, reached - began)
  return {words, target_seconds: seconds, seconds: taken, met: taken <= seconds}
}

function missed(
  report: Report,
  {attacker, consumer, changes_without_intent: unrecorded}: ScoreFacts,
  targets: readonly Target[],
): string[] {
  const open = report.claims.filter((one) => one.verdict !== 'proven')
  return [
    ...targets
      .filter((one) => !one.met)
      .map((one) =>
        one.seconds === undefined
          ? `${one.words}: ${one.not_known ?? 'not reached'}`
          : `${one.words}: ${humanDuration(one.seconds)}, the target is ${humanDuration(one.target_seconds)}`,
      ),
    ...report.next.filter((one) => one.startsWith('still open: ')).map((one) => one.replace(/\. Close it: .*$/s, '')),
    ...(attacker.contained_at === undefined ? ['the attacker can still get a token with what leaked'] : []),
    ...(attacker.after.minted > 0 ? [`the attacker got ${attacker.after.minted} token(s) after containment`] : []),
    ...open.map((one) => `${one.word}: ${one.words} (${one.target})`),
    ...(consumer.calls_failed + consumer.mints_failed > 0
      ? [`the owner's own consumer lost ${consumer.calls_failed} call(s) and was refused ${consumer.mints_failed} token(s)`]
      : []),
    ...(unrecorded > 0 ? [`${unrecorded} change(s) arrived that were not on record before`] : []),
    ...(report.hunt === undefined || isNotKnown(report.hunt)
      ? ['nobody looked for what was done with it: no hunt is on record']
      : []),
    ...(report.people?.approvals.length === 0 ? ['nobody else approved the plan'] : []),
    ...(report.closed_at === undefined ? [`the incident was not closed: ${report.next.length} act(s) are open`] : []),
  ]
}

/** @param report the Markdown of the incident's report, appended as it is */
export function scoreMarkdown(card: ScoreCard, report: string): string {
  return `# Score card of the drill ${cell(card.scenario, 60)}

**SIMULATED**: a drill of ${card.began_at}, incident ${card.incident_id}. ${card.verdict}.

${tableLines(
  ['target', 'at most', 'took', 'met'],
  card.targets.map((one) => [one.words, humanDuration(one.target_seconds), tookOf(one), one.met ? 'yes' : 'NO']),
).join('\n')}

## What was missed

${card.missed.length === 0 ? 'Nothing of what is looked at.' : card.missed.map((one) => `- ${one}`).join('\n')}

## The attacker

${attackerLines(card)
  .map((one) => `- ${one}`)
  .join('\n')}

${report}`
}

export function tookOf(one: Target): string {
  return one.seconds === undefined ? (one.not_known ?? '') : humanDuration(one.seconds)
}

/** For the terminal: the times, and what was missed, each in one line; the file has them whole. */
export function cardLines({targets, missed}: ScoreCard): string[] {
  const times = targets.map((one) =>
    one.met
      ? `${one.words} ${tookOf(one)}`
      : `${one.words} ${one.seconds === undefined ? 'not reached' : tookOf(one)} (NOT MET: ${humanDuration(one.target_seconds)})`,
  )
  const rest = missed.slice(targets.filter((one) => !one.met).length)
  const more = rest.length > 3 ? `; and ${rest.length - 3} more (--report FILE)` : ''
  return [
    `  times: ${times.join(', ')}`,
    `  missed: ${rest.length === 0 ? 'nothing of what is looked at' : rest.slice(0, 3).join('; ')}${more}`,
  ]
}

export function attackerLines({attacker, consumer}: Pick<ScoreFacts, 'attacker' | 'consumer'>): string[] {
  const {before, after, last_token_expires_at: until} = attacker
  return [
    ...(attacker.contained_at === undefined
      ? [
          `never contained: ${before.minted} token(s) minted, ${before.calls_accepted} call(s) accepted until the end of the drill`,
        ]
      : [
          `before containment: ${before.minted} token(s) minted, ${before.calls_accepted} call(s) accepted`,
          `after containment: ${after.minted} token(s) minted, ${after.refused} refused, ${after.calls_accepted} call(s) still accepted with older tokens, which nobody can revoke`,
        ]),
    `the last token he holds lives until ${until ?? 'none'}`,
    `the owner's own consumer: ${consumer.calls_ok} call(s) fine, ${consumer.calls_failed} failed, ${consumer.mints_failed} token(s) refused`,
  ]
}
