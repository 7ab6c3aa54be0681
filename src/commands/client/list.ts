import type {Client} from '../../auth0/resources/client.ts'
import {connectionFlags} from '../../cli/flags.ts'
import {rows} from '../../cli/rows.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {patiently} from '../../cli/patience.ts'

export default class ClientList extends TenantCommand {
  static override summary = 'the applications of the tenant, never with their secrets'
  static override examples = [
    {description: 'which applications are there?', command: '<%= config.bin %> client list'},
    {
      description: 'machine clients only',
      command: '<%= config.bin %> client list --json | jq \'.clients[] | select(.app_type == "non_interactive")\'',
    },
  ]
  static override flags = {...connectionFlags}

  async run(): Promise<{clients: readonly Client[]}> {
    const {flags} = await this.parse(ClientList)
    const connected = await this.connectTo(this.place(flags), flags)
    const clients = await patiently('reading the applications', Array.fromAsync(connected.tenant.listClients()))
    const {shortProof, shortType} = await import('../../cli/client-view.ts')
    this.print(
      await rows(
        ['client_id', 'name', 'type', 'proves by'],
        clients.map((client) => [client.client_id, client.name, shortType(client), shortProof(client)]),
      ),
    )
    return {clients}
  }
}
