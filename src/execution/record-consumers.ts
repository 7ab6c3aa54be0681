import {adoptionOf} from '../incident/consumers.ts'
import type {Consumer} from '../incident/consumers.ts'
import type {Run} from './run.ts'

/** Writes down who uses the client and how they stand: before the first change, and again after the last probe. */
export function recordConsumers({journal}: Pick<Run, 'journal'>, computed_at: string, consumers: readonly Consumer[]): void {
  const {moved, failing, waiting, silent} = adoptionOf(consumers)
  journal.observe({
    action: 'consumers',
    finding: `${consumers.length} in the log: ${moved} moved to the new secret, ${failing} failing, ${waiting} waiting for their next token, ${silent} silent`,
    count: consumers.length,
    evidence: journal.evidence({computed_at, consumers}),
  })
}
