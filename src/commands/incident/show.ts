import * as Args from '@oclif/core/args'

import type {IncidentView} from '../../cli/incident-view.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

export default class IncidentShow extends TenantCommand {
  static override summary = 'one incident: what was done, what is proven, what is open, what is next'
  static override examples = [
    {description: 'where do we stand?', command: '<%= config.bin %> incident show inc-20261122-k7m2xq'},
    {
      description: 'what is next, for a script',
      command: "<%= config.bin %> incident show inc-20261122-k7m2xq --json | jq -r '.next[]'",
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }

  async run(): Promise<IncidentView> {
    const {args, flags} = await this.parse(IncidentShow)
    const [{findIncident}, {incidentLines, incidentView}] = await Promise.all([
      import('../../cli/incidents.ts'),
      import('../../cli/incident-view.ts'),
    ])
    const view = incidentView(findIncident(this.place(flags), args.id))
    await this.printWrapped(incidentLines(view))
    return view
  }
}
