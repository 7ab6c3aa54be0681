import type {CloseItem} from '../incident/close-items.ts'
import {printable} from '../untrusted.ts'

export interface CloseFacts {
  readonly incident_id: string
  readonly simulated: boolean
  readonly status: 'closed' | 'open'
  readonly disposition: string
  readonly all_clear_at?: string
  readonly waived: readonly {readonly item: string; readonly by: string; readonly reason: string}[]
  readonly open_items: readonly CloseItem[]
  readonly anchored?: {readonly reference: string; readonly size: number; readonly body: string}
  readonly checkpoint_body?: string
  readonly next: readonly string[]
}

/** What is left over, each by its name, and what deals with it. */
export function openItemLines(items: readonly CloseItem[]): string[] {
  return items.flatMap(({item, what, how}) => [
    `  ${printable(item, 400)}: ${printable(what, 400)}`,
    `    ${printable(how, 400)}`,
  ])
}

/** What became of a close, for people. */
export function closeLines(closed: CloseFacts): string[] {
  const lines = [
    closed.status === 'closed'
      ? `CLOSED: ${closed.simulated ? 'SIMULATED' : 'REAL'} incident ${closed.incident_id}, ${closed.disposition.replace('_', ' ')}`
      : `STILL OPEN: ${closed.simulated ? 'SIMULATED' : 'REAL'} incident ${closed.incident_id}; this holds the close back:`,
    ...openItemLines(closed.open_items),
  ]
  if (closed.status === 'open') lines.push('  or somebody answers for leaving it so: --waive ITEM --waived-by NAME --reason TEXT')
  if (closed.all_clear_at !== undefined) lines.push(`All clear:  ${closed.all_clear_at}, as it was last computed`)
  for (const {item, by, reason} of closed.waived)
    lines.push(`Waived:     ${printable(item, 400)} by ${printable(by, 120)}: ${printable(reason, 300)}`)
  if (closed.anchored !== undefined) {
    const {reference, size, body} = closed.anchored
    lines.push(
      `Anchored:   ${size} records, at ${printable(reference, 300)}, where these three lines must stand:`,
      ...indented(body),
    )
    lines.push(`  if others do: stanch audit anchor --incident ${closed.incident_id} --ref WHERE --size THEIR-SECOND-LINE`)
  }
  if (closed.checkpoint_body !== undefined) lines.push('Checkpoint, to be posted:', ...indented(closed.checkpoint_body))
  if (closed.status === 'closed' && closed.next.length > 0)
    lines.push('Next:', ...closed.next.map((step, index) => `  ${index + 1}. ${printable(step, 400)}`))
  return lines
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
}
