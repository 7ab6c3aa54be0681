import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import type {IncidentView} from '../../cli/incident-view.ts'
import type {Merged} from '../../cli/merge.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

export default class IncidentShow extends TenantCommand {
  static override summary = 'one incident: what was done, what is proven, what is open, what is next'
  static override examples = [
    {description: 'where do we stand?', command: '<%= config.bin %> incident show inc-20261122-k7m2xq'},
    {
      description: 'with what a colleague recorded',
      command: '<%= config.bin %> incident show inc-20261122-k7m2xq --with ./bob-slice',
    },
    {
      description: 'what is next, for a script',
      command: "<%= config.bin %> incident show inc-20261122-k7m2xq --json | jq -r '.next[]'",
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }

  static override flags = {
    with: Flags.string({
      summary: "a trail or slice of another responder: one timeline by the tenant's clock; may be repeated",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FOLDER',
    }),
    vkey: Flags.string({
      summary: 'the key of such a trail, from the roster; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'VKEY',
      dependsOn: ['with'],
    }),
  }

  async run(): Promise<IncidentView & {readonly merged?: Merged}> {
    const {args, flags} = await this.parse(IncidentShow)
    const [{findIncident}, {incidentLines, incidentView}] = await Promise.all([
      import('../../cli/incidents.ts'),
      import('../../cli/incident-view.ts'),
    ])
    const found = findIncident(this.place(flags), args.id)
    const view = incidentView(found)
    const lines = incidentLines(view)
    await this.printWrapped(
      lines,
      lines.filter((line) => /^(Incident|All clear): /.test(line)),
    )
    if (flags.with === undefined) return view
    const {mergedLines, mergeWith} = await import('../../cli/merge.ts')
    const merged = mergeWith(found, flags.with, flags.vkey ?? [])
    await this.printWrapped(['', ...mergedLines(merged, found.mode)])
    return {...view, merged}
  }
}
