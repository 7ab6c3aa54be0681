import type {PlanStep} from '../plan.ts'

/** Longest question of a step for people, characters. */
const MAX_QUESTION = 600

/**
 * What would close the rest and would hit others, or is out of reach of this plan, becomes a step for people: the incident
 * does not close before somebody signs it off.
 *
 * @param open sentences of the paths that stay open after the plan's own steps
 */
export function closePathSteps(open: readonly string[]): PlanStep[] {
  return open.map((sentence, index) => {
    const id = `close-path-${index + 1}`
    const question = `Is this way to a token shut? ${sentence}`.slice(0, MAX_QUESTION)
    return {
      id,
      from: id,
      action: 'manual' as const,
      target: `step:${id}`,
      title: question,
      undo: 'by hand',
      scopes: [],
      args: {question, owner: 'incident lead'},
    }
  })
}
