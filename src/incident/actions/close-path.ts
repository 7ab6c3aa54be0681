import type {PathGroup} from '../path-sentences.ts'
import type {PlanStep} from '../plan.ts'

/** Longest question of a step for people, characters. */
const MAX_QUESTION = 600

/**
 * What would close the rest and would hit others, or is out of reach of this plan, becomes a step for people: the incident
 * does not close before somebody signs it off.
 *
 * @param open ways to a token that stay open after the plan's own steps
 */
export function closePathSteps(open: readonly PathGroup[]): PlanStep[] {
  return open.map(({name}, index) => {
    const id = `close-path-${index + 1}`
    const question = `Is this way to new tokens shut: ${name}?`.slice(0, MAX_QUESTION)
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
