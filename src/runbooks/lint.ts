import {examineRunbook} from './parse.ts'
import type {RunbookProblem} from './runbook.ts'

/**
 * Everything that is wrong with a runbook file, by line; empty when it may be used.
 *
 * @param name the file's name without `.md` when it is a shipped one: then the id must be the same
 */
export async function lintRunbook(text: string, name?: string): Promise<RunbookProblem[]> {
  const {runbook, problems} = await examineRunbook(text)
  if (runbook && name !== undefined && runbook.id !== name)
    return [{line: 1, message: `The id ${runbook.id} is not the file's name.`}]
  return problems
}
