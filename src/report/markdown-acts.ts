import {humanDuration} from '../clock.ts'
import {cell, code, tableLines} from './markdown-text.ts'
import type {Report} from './report.ts'

export function done({acts}: Report): string[] {
  if (acts === undefined) return []
  if (acts.length === 0) return ['## What was done', '', 'Nothing was changed.']
  return [
    '## What was done',
    '',
    ...tableLines(
      ['record', 'at', 'act', 'on', 'end', 'what undoes it'],
      acts.map((one) => [
        String(one.record),
        one.at,
        cell(one.action, 60),
        cell(one.target, 200),
        one.result,
        cell(one.undo, 200),
      ]),
    ),
  ]
}

export function proofs({claims}: Report): string[] {
  if (claims.length === 0) return ['## What is proven', '', 'Nothing was proven.']
  return [
    '## What is proven',
    '',
    ...tableLines(
      ['record', 'claim', 'for', 'verdict', 'basis'],
      claims.map((one) => [String(one.record ?? ''), one.words, cell(one.target, 200), one.word, cell(one.basis, 600)]),
    ),
  ]
}

export function exposed({all_clear: clear, course: {window, tokens}}: Report): string[] {
  if (clear.worst_case_at === undefined) return ['## Until when issued tokens live', '', 'It was not computed.']
  return [
    '## Until when issued tokens live',
    '',
    `All clear ${clear.state === 'clear' ? 'since' : 'not before'} **${clear.worst_case_at}**${clear.record === undefined ? '' : ` (record ${clear.record}, computed ${clear.computed_at ?? 'at an unknown time'})`}. ${clear.ruled_at === undefined ? '' : `It is ${clear.ruled_at} if no lifetime was larger before the log begins. `}Issued access tokens cannot be revoked. ${code(clear.basis, 400)}`,
    '',
    `No new token ${window.contained_at === undefined ? 'could not be proven: not every API is contained' : `since ${window.contained_at}`}. ${clear.observed_at === undefined ? '' : `Those seen in the tenant log (${tokens.length} listed) live until ${clear.observed_at} at the latest.`}`,
  ]
}

export function moments({times}: Report): string[] {
  return [
    '## Response times and reporting clocks',
    '',
    ...tableLines(
      ['what', 'how long'],
      times.spans.map((one) => [one.words, humanDuration(one.seconds)]),
    ),
    '',
    ...tableLines(
      ['moment', 'at'],
      times.moments.map((one) => [one.words, one.at === undefined ? (one.not_known ?? '') : code(one.at, 60)]),
    ),
    '',
    `Reporting clocks: ${times.clocks.note}.${times.clocks.warning === undefined ? '' : ` WARNING: ${times.clocks.warning}.`}`,
    '',
    ...tableLines(
      ['duty', 'what', 'due', 'basis'],
      times.clocks.items.map((one) => [one.regime, one.what, one.due_at ?? 'not begun', cell(one.basis, 400)]),
    ),
  ]
}
