import * as Args from '@oclif/core/args'

import {StanchCommand} from '../../cli/base-command.ts'
import {shippedFolder} from '../../cli/runbook-folder.ts'
import {StanchError} from '../../errors.ts'
import type {RunbookProblem} from '../../runbooks/runbook.ts'
import {printable} from '../../untrusted.ts'

export interface RunbookLint {
  readonly file: string
  readonly ok: boolean
  readonly problems: readonly RunbookProblem[]
}

export default class LintRunbook extends StanchCommand {
  static override summary = 'check a runbook file: unknown actions, missing sections, wrong arguments, with line numbers'
  static override description = 'Exit codes: 0 it may be used, 2 it has problems.'
  static override examples = [
    {description: 'before you use your own', command: '<%= config.bin %> runbook lint ./runbooks-of-ours/billing.md'},
    {description: 'in a pipeline', command: '<%= config.bin %> runbook lint /etc/stanch/runbooks/billing.md --json'},
  ]
  static override args = {
    file: Args.string({description: 'a path that contains a slash', required: true, ignoreStdin: true}),
  }

  async run(): Promise<RunbookLint> {
    const {args} = await this.parse(LintRunbook)
    const {file} = args
    if (!/[\\/]/.test(file)) {
      throw new StanchError('usage.invalid', 'A file to check is named by a path that contains a slash.', {
        hint: `For a file of this folder: ./${file.replace(/[^\w.-]/g, '')}`,
      })
    }
    const {lintRunbookFile} = await import('../../runbooks/load.ts')
    const problems = await lintRunbookFile(file, shippedFolder(this.config.root))
    const name = printable(file)
    if (problems.length === 0) this.print([`${name}: no problems`])
    else
      this.print(problems.map(({line, message}) => `${name}${line === undefined ? '' : `:${line}`}: ${printable(message, 400)}`))
    if (problems.length > 0) process.exitCode = 2
    return {file: name, ok: problems.length === 0, problems}
  }
}
