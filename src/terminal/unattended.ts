import {StanchError} from '../errors.ts'
import type {Decision, ProgressEvent, Responder} from '../execution/responder.ts'
import {quoted} from '../untrusted.ts'
import type {Progress} from './progress.ts'

export interface UnattendedOptions {
  readonly progress: Pick<Progress, 'notify'>
  /** Answers by decision id: what the flags said. `yes` and `no` for a confirmation, a value of a choice, a text. */
  readonly answers?: Readonly<Record<string, string>>
}

/** Nobody is there: what a flag didn't answer gets the decision's safe answer, or `consent.missing` where there is none. */
export function unattendedResponder(options: UnattendedOptions): Responder {
  const answers = new Map(Object.entries(options.answers ?? {}))
  const decide = (decision: Decision): boolean | string => {
    const given = answers.get(decision.id)
    switch (decision.kind) {
      case 'confirm':
      case 'typed':
        return given === undefined ? decision.unattended : yesOrNo(decision, given)
      case 'choice': {
        const answer = given ?? decision.unattended
        if (decision.choices.some((choice) => choice.value === answer)) return answer
        if (given !== undefined) throw wrong(decision, given)
        throw new StanchError('consent.missing', `Nobody is there to answer: ${decision.ask}`, {
          hint: 'Give the flag that answers it, or run stanch in a terminal.',
        })
      }
      case 'text': {
        const answer = given ?? decision.unattended
        const problem = given === undefined ? undefined : decision.check?.(answer)
        if (problem !== undefined) throw new StanchError('usage.invalid', `${quoted(answer)}: ${problem}`)
        return answer
      }
    }
  }
  return {
    attended: false,
    // the overloads of `decide` pair each kind with its answer, which a single arrow function can't say
    decide: (async (decision: Decision) => decide(decision)) as Responder['decide'],
    notify: (event: ProgressEvent) => options.progress.notify(event),
  }
}

function yesOrNo(decision: Decision, given: string): boolean {
  if (given === 'yes') return true
  if (given === 'no') return false
  throw wrong(decision, given)
}

function wrong(decision: Decision, given: string): StanchError {
  return new StanchError('usage.invalid', `${quoted(given)} is no answer to: ${decision.ask}`)
}
