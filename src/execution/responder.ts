import type {PlanStep, StepOutcome} from '../incident/plan.ts'

/**
 * Who answers questions and watches progress. Interactive in a terminal, unattended in a pipeline, a table in tests.
 * A question is data with a safe answer: nobody there means nothing happens.
 */
export interface Responder {
  /** False when nobody can be asked: then `decide` returns `unattended` or refuses with `consent.missing`. */
  readonly attended: boolean
  decide(decision: ConfirmDecision): Promise<boolean>
  decide(decision: TypedDecision): Promise<boolean>
  decide(decision: ChoiceDecision): Promise<string>
  decide(decision: TextDecision): Promise<string>
  notify(event: ProgressEvent): void
}

interface DecisionBase {
  /** Stable name, for the record and for tests: `plan.confirm`. */
  readonly id: string
  /** The question, one sentence, at most 70 columns where that is possible. */
  readonly ask: string
  /**
   * Lines shown above the question: already printable. Where the terminal is short, those of one group give way from their
   * end, never to fewer than `least`; `?` shows all.
   */
  readonly screen?: readonly (string | {readonly lines: readonly string[]; readonly least: number})[]
  /** A command that shows what the screen says, whole. */
  readonly whole?: string
  /** Answers "why am I asked", "what happens if I say yes", "can it be undone"; shown on `?`. */
  readonly why: string
  readonly effect: string
  readonly undo: string
}

export interface ConfirmDecision extends DecisionBase {
  readonly kind: 'confirm'
  /** The answer when nobody is there: the one that changes nothing. */
  readonly unattended: boolean
}

/** Yes by typing an exact text; the terminal shows what to type. Anything else declines after three tries. */
export interface TypedDecision extends DecisionBase {
  readonly kind: 'typed'
  readonly expected: string
  readonly unattended: boolean
}

export interface ChoiceDecision extends DecisionBase {
  readonly kind: 'choice'
  /** None is preselected. With more than ten the terminal offers search by typing. */
  readonly choices: readonly {readonly value: string; readonly label: string; readonly detail?: string}[]
  /** A value of `choices`, or `refuse`: then nobody there is `consent.missing`. */
  readonly unattended: string
}

export interface TextDecision extends DecisionBase {
  readonly kind: 'text'
  readonly unattended: string
  /** Error sentence for a wrong input, or undefined when it is fine. */
  readonly check?: (text: string) => string | undefined
}

export type Decision = ConfirmDecision | TypedDecision | ChoiceDecision | TextDecision

/** What the responder sees while the plan is carried out. Text members are already printable. */
export type ProgressEvent =
  | {readonly kind: 'screen'; readonly lines: readonly string[]}
  | {readonly kind: 'note'; readonly text: string}
  | {readonly kind: 'warning'; readonly text: string}
  | {readonly kind: 'step_begins'; readonly step: PlanStep; readonly number: number; readonly of: number}
  | {
      readonly kind: 'step_ends'
      readonly step: PlanStep
      readonly outcome: StepOutcome
      readonly detail?: string
      readonly at: string
    }
  | {
      readonly kind: 'probe'
      readonly claim: string
      readonly refusals: number
      readonly wanted: number
      readonly seconds_left: number
    }
  | {readonly kind: 'waits'; readonly why: string; readonly seconds_left: number}
