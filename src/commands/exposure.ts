import * as Flags from '@oclif/core/flags'

import {required} from '../cli/base-command.ts'
import {clientFlag, connectionFlags, incidentFlags, proofFlags} from '../cli/flags.ts'
import {patiently} from '../cli/patience.ts'
import {TenantCommand} from '../cli/tenant-command.ts'
import type {Exposure} from '../incident/exposure.ts'

export default class ExposureCommand extends TenantCommand {
  static override summary = 'until when tokens live that were already issued, for each API'
  static override description = `Access tokens cannot be revoked: each lives until its exp. The all clear is containment plus the largest lifetime
in force plus clock skew; where the tenant log does not reach back to the leak, a larger lifetime may have stood before it, and
tokens from then are counted with the 30 days that Auth0 allows: --leaked-at narrows that. Without a proven containment it is counted from now and stays open.
Only reads are sent; nothing is written down.`
  static override examples = [
    {description: 'when is this client clear?', command: '<%= config.bin %> exposure --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'},
    {
      description: 'wait for it in a script',
      command:
        'until <%= config.bin %> exposure --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --exit-code > /dev/null; do sleep 600; done',
    },
  ]
  static override flags = {
    ...connectionFlags,
    client: clientFlag,
    'exit-code': Flags.boolean({summary: 'exit with 10 while tokens live'}),
    'leaked-at': incidentFlags['leaked-at'],
    'credential-file': proofFlags['credential-file'],
  }

  async run(): Promise<Exposure> {
    const {flags} = await this.parse(ExposureCommand)
    const client_id = required(flags.client, 'client')
    const leaked = await this.leakedFrom(flags)
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const [{exposureNow}, {exposureLines}] = await Promise.all([
      import('../cli/exposure.ts'),
      import('../report/exposure-lines.ts'),
    ])
    const exposure = await patiently(
      'reading the tenant',
      exposureNow(place, connected, {client_id, leaked_at: flags['leaked-at'], leaked}),
    )
    const lines = exposureLines(exposure, Intl.DateTimeFormat().resolvedOptions().timeZone)
    await this.printWrapped([`Client:     ${client_id}`, ...lines], lines.slice(0, 1))
    if (flags['exit-code'] && exposure.all_clear.state === 'open') process.exitCode = 10
    return exposure
  }
}
