import * as Args from '@oclif/core/args'

import {StanchCommand} from '../../cli/base-command.ts'
import {shippedFolder} from '../../cli/runbook-folder.ts'
import type {RunbookStep} from '../../runbooks/runbook.ts'
import {printable} from '../../untrusted.ts'

export interface ShownRunbook {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly leak: string
  readonly sha256: string
  readonly steps: readonly Pick<RunbookStep, 'id' | 'action' | 'when' | 'args'>[]
  readonly text: string
}

export default class ShowRunbook extends StanchCommand {
  static override summary = 'print a runbook: what is done in which order, and what people do by hand'
  static override examples = [
    {description: 'a leaked client secret', command: '<%= config.bin %> runbook show client-secret'},
    {
      description: 'one of your own (a path needs a slash)',
      command: '<%= config.bin %> runbook show ./runbooks-of-ours/billing.md',
    },
  ]
  static override args = {
    runbook: Args.string({
      description: 'id of a shipped runbook, or a path that contains a slash',
      required: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<ShownRunbook> {
    const {args} = await this.parse(ShowRunbook)
    const {loadRunbook} = await import('../../runbooks/load.ts')
    const {id, version, title, leak, sha256, steps, text} = await loadRunbook(args.runbook, shippedFolder(this.config.root))
    this.print(
      text
        .trimEnd()
        .split('\n')
        .map((line) => printable(line, 2000)),
    )
    return {
      id,
      version,
      title,
      leak,
      sha256,
      steps: steps.map(({id: step, action, when, args: given}) => ({id: step, action, when, args: given})),
      text,
    }
  }
}
