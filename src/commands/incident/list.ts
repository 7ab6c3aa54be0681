import * as Flags from '@oclif/core/flags'

import type {IncidentRow} from '../../cli/incident-view.ts'
import {rows} from '../../cli/rows.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

export default class IncidentList extends TenantCommand {
  static override summary = 'the incidents of this machine, real ones and drills'
  static override examples = [
    {description: 'what is going on?', command: '<%= config.bin %> incident list'},
    {
      description: 'ids of those that are not finished',
      command: "<%= config.bin %> incident list --json | jq -r '.incidents[] | select(.live) | .incident_id'",
    },
  ]
  static override flags = {
    simulated: Flags.boolean({summary: 'only those of drills and simulated tenants'}),
  }

  async run(): Promise<{incidents: readonly IncidentRow[]}> {
    const {flags} = await this.parse(IncidentList)
    const [{allIncidents}, {incidentRow}] = await Promise.all([
      import('../../cli/incidents.ts'),
      import('../../cli/incident-view.ts'),
    ])
    const incidents = allIncidents(this.place(flags), flags.simulated ? ['sim'] : ['real', 'sim']).map((found) =>
      incidentRow(found),
    )
    if (incidents.length === 0) this.print(['No incident on this machine. Begin one: stanch respond'])
    else {
      // Ids and instants leave a small terminal no room for both; `incident show` has the client.
      const wide = !process.stdout.isTTY || process.stdout.columns >= 110
      this.print(
        await rows(
          ['incident', 'kind', 'status', 'opened', ...(wide ? ['client'] : []), 'title'],
          incidents.map((one) => [
            one.incident_id,
            one.simulated ? 'simulated' : 'REAL',
            one.status,
            one.opened_at.slice(0, 16).replace('T', ' '),
            ...(wide ? [one.client_id ?? ''] : []),
            one.title,
          ]),
        ),
      )
    }
    return {incidents}
  }
}
