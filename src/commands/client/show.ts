import * as Args from '@oclif/core/args'

import type {ClientView} from '../../cli/client-view.ts'
import {connectionFlags} from '../../cli/flags.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {patiently} from '../../cli/patience.ts'

export default class ClientShow extends TenantCommand {
  static override summary = 'one application: grants, keys without their values, how long its tokens live'
  static override examples = [
    {description: 'what can this client reach?', command: '<%= config.bin %> client show A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'},
    {
      description: 'the longest lifetime of its tokens',
      command:
        "<%= config.bin %> client show A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --json | jq '[.lifetimes[].token_lifetime_seconds] | max'",
    },
  ]
  static override args = {
    id: Args.string({description: 'client id', required: true, ignoreStdin: true}),
  }
  static override flags = {...connectionFlags}

  async run(): Promise<ClientView> {
    const {args, flags} = await this.parse(ClientShow)
    const connected = await this.connectTo(this.place(flags), flags)
    const {readClientView, clientLines} = await import('../../cli/client-view.ts')
    const view = await patiently('reading the application', readClientView(connected.tenant, args.id))
    await this.printWrapped(clientLines(view))
    return view
  }
}
