import type {ClientGrant} from '../../auth0/resources/client-grant.ts'
import {required} from '../../cli/base-command.ts'
import {clientFlag, connectionFlags} from '../../cli/flags.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {patiently} from '../../cli/patience.ts'

export default class GrantList extends TenantCommand {
  static override summary = 'the client grants of an application: for which APIs it gets tokens'
  static override examples = [
    {description: 'all grants of a client', command: '<%= config.bin %> grant list --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'},
    {
      description: 'their ids',
      command: "<%= config.bin %> grant list --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --json | jq -r '.grants[].id'",
    },
  ]
  static override flags = {...connectionFlags, client: clientFlag}

  async run(): Promise<{client_id: string; grants: readonly ClientGrant[]}> {
    const {flags} = await this.parse(GrantList)
    const client_id = required(flags.client, 'client')
    const connected = await this.connectTo(this.place(flags), flags)
    // The list of grants is empty for a client that is not there, too: a typo must not look like an answer.
    const {tenant} = connected
    const [, grants] = await patiently(
      'reading the grants',
      Promise.all([tenant.getClient(client_id), tenant.listClientGrants({client_id})]),
    )
    const {grantLines} = await import('../../cli/client-view.ts')
    await this.printWrapped(grantLines(grants))
    return {client_id, grants}
  }
}
