import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {TenantCommand} from '../cli/tenant-command.ts'

interface ReportDocument {
  readonly incident_id: string
  readonly simulated: boolean
  readonly format: 'md'
  readonly text: string
}

export default class ReportCommand extends TenantCommand {
  static override summary = 'a summary of an incident, from its record and its evidence alone'
  static override description = 'Markdown, times in UTC. The same record gives the same text. Changes nothing.'
  static override examples = [
    {description: 'for the ticket', command: '<%= config.bin %> report inc-20261122-k7m2xq > report.md'},
    {
      description: 'the text inside one JSON document',
      command: '<%= config.bin %> report inc-20261122-k7m2xq --json | jq -r .text',
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }
  static override flags = {
    format: Flags.option({options: ['md'] as const, default: 'md' as const, summary: 'form of the report'})(),
  }

  async run(): Promise<ReportDocument> {
    const {args, flags} = await this.parse(ReportCommand)
    const [{accountNow}, {findIncident}, {markdownReport}] = await Promise.all([
      import('../cli/account.ts'),
      import('../cli/incidents.ts'),
      import('../report/markdown.ts'),
    ])
    const place = this.place(flags)
    const found = findIncident(place, args.id)
    const text = markdownReport(accountNow(place, found))
    this.print(text.trimEnd().split('\n'))
    return {incident_id: found.state.incident_id, simulated: found.mode === 'sim', format: flags.format, text}
  }
}
