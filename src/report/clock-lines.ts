import {humanDuration} from '../clock.ts'
import {UNSAID} from '../incident/reporting-clocks.ts'
import type {ReportingClocks} from '../incident/reporting-clocks.ts'
import type {ResponseTimes} from '../incident/response-times.ts'
import {printable} from '../untrusted.ts'

/** How fast it went, for people; nothing while nothing can be said. */
export function responseLines({spans}: ResponseTimes): string[] {
  if (spans.length === 0) return []
  return ['Response:', ...spans.map(({words, seconds}) => `  - ${printable(words, 100)}: ${humanDuration(seconds)}`)]
}

/** The deadlines that may apply, soonest first, and what they are not. */
export function clockLines(clocks: ReportingClocks): string[] {
  const due = clocks.items
    .filter((one) => one.due_at !== undefined)
    .toSorted((a, b) => Date.parse(a.due_at ?? '') - Date.parse(b.due_at ?? ''))
  // What is so for most of them is said once.
  const unsaid = due.some(({basis}) => basis.includes(UNSAID))
  const open = clocks.items.filter((one) => one.due_at === undefined)
  return [
    `Deadlines:  ${printable(clocks.note, 300)}`,
    ...(clocks.warning === undefined ? [] : [`  WARNING: ${printable(clocks.warning, 300)}`]),
    ...(unsaid ? [`  Awareness: ${UNSAID}`] : []),
    ...due.map(
      ({regime, what, due_at, basis}) =>
        `  - ${due_at} ${printable(`${regime}, ${what}: ${basis.replace(`, ${UNSAID}`, '')}`, 500)}`,
    ),
    ...open.map(({regime, what, basis}) => `  - not begun: ${printable(`${regime}, ${what}: ${basis}`, 500)}`),
  ]
}
