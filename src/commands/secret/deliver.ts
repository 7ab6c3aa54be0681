import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import type {DeliveredAgain} from '../../cli/deliver-again.ts'
import {connectionFlags, deliverFlags} from '../../cli/flags.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {printable} from '../../untrusted.ts'

export default class SecretDeliver extends TenantCommand {
  static override summary = "hand an incident's new secret over again"
  static override description = `Takes it from the incident's own file if one holds it (then no connection is needed), else reads it from the tenant.
A keyed fingerprint in the trail says whether it is the secret that the rotation made; where it went is recorded.`
  static override examples = [
    {
      description: 'into a vault',
      command:
        "<%= config.bin %> secret deliver --incident inc-20261122-k7m2xq --deliver 'exec:vault kv put -mount=secret billing client_secret=-'",
    },
    {
      description: 'sealed to the owner',
      command:
        "<%= config.bin %> secret deliver --incident inc-20261122-k7m2xq --deliver 'sealed:./for-billing.jwe?to=./billing.pub.pem'",
    },
  ]
  static override flags = {
    ...connectionFlags,
    incident: Flags.string({summary: 'whose secret', helpValue: 'ID'}),
    ...deliverFlags,
  }

  async run(): Promise<DeliveredAgain> {
    const {flags} = await this.parse(SecretDeliver)
    const incident = required(flags.incident, 'incident')
    const sinkText = required(flags.deliver, 'deliver')
    const place = this.place(flags)
    const [{deliverAgain}, {sinkFrom}] = await Promise.all([import('../../cli/deliver-again.ts'), import('../../cli/sinks.ts')])
    const {sink, deps} = sinkFrom(sinkText, process.env, await this.showOnTerminal())
    const delivered = await deliverAgain(place, incident, sink, deps, () => this.connectTo(place, flags))
    if (delivered.result === 'failed') process.exitCode = 6
    await this.printWrapped([
      delivered.result === 'ok'
        ? `The new secret of client ${delivered.client_id} is in ${printable(delivered.sink, 400)}.`
        : `NOT handed over: ${printable(delivered.detail ?? 'the sink refused it', 400)}`,
      `It came from ${printable(delivered.source === 'tenant' ? 'the tenant' : delivered.source, 400)}; its fingerprint is the one of the rotation.`,
      ...delivered.next.map((step) => `Next: ${printable(step, 400)}`),
    ])
    return delivered
  }
}
