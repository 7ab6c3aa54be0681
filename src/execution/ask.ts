import type {ChoiceDecision, ConfirmDecision, Decision, TextDecision, TypedDecision} from './responder.ts'
import type {Run} from './run.ts'

/** Asks, and writes down what was asked and answered before anybody acts on it. */
export async function ask(run: Pick<Run, 'responder' | 'journal'>, decision: ChoiceDecision | TextDecision): Promise<string>
export async function ask(
  run: Pick<Run, 'responder' | 'journal'>,
  decision: ConfirmDecision | TypedDecision,
  planSha256?: string,
): Promise<boolean>
export async function ask(
  run: Pick<Run, 'responder' | 'journal'>,
  decision: Decision,
  planSha256?: string,
): Promise<string | boolean> {
  const answer = await decide(run, decision)
  run.journal.decision(decision.id, typeof answer === 'boolean' ? (answer ? 'yes' : 'no') : answer, {
    ...(decision.kind === 'choice' ? {choices: decision.choices.map((choice) => choice.value)} : {}),
    ...(planSha256 === undefined ? {} : {plan_sha256: planSha256}),
  })
  return answer
}

function decide(run: Pick<Run, 'responder'>, decision: Decision): Promise<string | boolean> {
  switch (decision.kind) {
    case 'confirm':
      return run.responder.decide(decision)
    case 'typed':
      return run.responder.decide(decision)
    case 'choice':
      return run.responder.decide(decision)
    case 'text':
      return run.responder.decide(decision)
  }
}
