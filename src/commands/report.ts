import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import type {Reported} from '../cli/report.ts'
import {TenantCommand} from '../cli/tenant-command.ts'
import {safeJson} from '../untrusted.ts'
import {pathsOf} from '../cli/context.ts'
import {sayIfLarge} from '../cli/patience.ts'

export default class ReportCommand extends TenantCommand {
  static override summary = 'the report of an incident, from its record and its evidence alone'
  static override description = `A page (html), Markdown, JSON, text for a ticket, a chat message of at most ten lines, or one sentence for a status page.
The page is one file that loads nothing: it can be opened from the disk, printed and mailed. Views: war-room holds all,
auditor no personal data, partner only what the owner of the application needs; what a view leaves out is not in the
file, and the file says so. The same record gives the same bytes. Changes nothing.`
  static override examples = [
    {
      description: 'the page for the war room',
      command: '<%= config.bin %> report inc-20261122-k7m2xq --format html -o report.html',
    },
    {description: 'ten lines for the chat', command: '<%= config.bin %> report inc-20261122-k7m2xq --format chat'},
    {
      description: 'for a partner whose application it is',
      command: '<%= config.bin %> report inc-20261122-k7m2xq --format html --view partner -o partner.html',
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }
  static override flags = {
    format: Flags.option({
      options: ['md', 'html', 'json', 'text', 'chat', 'status'] as const,
      default: 'md' as const,
      summary: 'form of the report',
    })(),
    view: Flags.option({
      options: ['war-room', 'auditor', 'partner'] as const,
      default: 'war-room' as const,
      summary: 'who reads it: decides what is left out',
    })(),
    output: Flags.string({char: 'o', summary: 'a new file; without it, standard output', helpValue: 'FILE'}),
  }

  async run(): Promise<Reported> {
    const {args, flags} = await this.parse(ReportCommand)
    const {writeReport} = await import('../cli/report.ts')
    const {format, view, output} = flags
    const paths = pathsOf(this.place(flags))
    await sayIfLarge('reading the trail', [paths.trail('real'), paths.trail('sim')])
    const reported = writeReport(this.place(flags), {incident: args.id, format, view, output})
    if (reported.path !== undefined) this.print([`${reported.path}: ${reported.size} bytes, SHA-256 ${reported.sha256}`])
    else if (reported.report) this.print([safeJson(reported.report, 2)])
    else this.print((reported.text ?? '').trimEnd().split('\n'))
    return reported
  }
}
