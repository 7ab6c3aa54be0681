import type {ArgValue} from '../incident/actions/template.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {ActionName, StopReason} from '../incident/plan.ts'
import type {PredicateName} from '../incident/policy.ts'

/** A written procedure for one kind of leak: a page that a person can follow alone, and the part a machine compiles. */
export interface Runbook {
  /** Name of the file without `.md`. */
  readonly id: string
  /** Counts up with every change of meaning, from 1. */
  readonly version: number
  readonly title: string
  readonly leak: LeakKind
  /** When carrying it out stops before its end; what happens then stands in the page. */
  readonly stop_when: readonly StopReason[]
  /** SHA-256 of the file's bytes, 64 hex digits. Part of the plan, and so of the plan's hash. */
  readonly sha256: string
  /** In the order in which they are carried out. */
  readonly steps: readonly RunbookStep[]
  /** Markdown below the heading of each step, without the heading. */
  readonly sections: Readonly<Record<string, string>>
  /** The whole file. */
  readonly text: string
}

export interface RunbookStep {
  readonly id: string
  readonly action: ActionName
  /** `always` where the file says nothing. */
  readonly when: PredicateName
  readonly args: Readonly<Record<string, ArgValue>>
  /** Line of the file, from 1. */
  readonly line: number
}

/** Something wrong with a runbook file. `message` is a sentence; `line` counts from 1. */
export interface RunbookProblem {
  readonly line?: number
  readonly message: string
}

/** Largest runbook file, bytes. */
export const MAX_RUNBOOK_BYTES = 256 * 1024

/** Ids of runbooks and of steps: lower case, digits and single words joined by `-`, at most 48 characters. */
export const RUNBOOK_ID = /^[a-z][a-z0-9-]{0,47}$/
