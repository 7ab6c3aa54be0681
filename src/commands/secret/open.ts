import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {deliverFlags} from '../../cli/flags.ts'
import type {Opened} from '../../cli/open-sealed.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {printable} from '../../untrusted.ts'

export default class SecretOpen extends TenantCommand {
  static override summary = 'open a sealed delivery with your private key and hand its secret on'
  static override description =
    'For whoever runs the client: opens what --deliver sealed:... made. Needs no network and no tenant.'
  static override examples = [
    {
      description: 'into a file',
      command: '<%= config.bin %> secret open for-billing.jwe --key billing.pem --deliver file:./billing.secret',
    },
    {
      description: 'into a vault',
      command:
        "<%= config.bin %> secret open for-billing.jwe --key billing.pem --deliver 'exec:vault kv put -mount=secret billing client_secret=-'",
    },
  ]
  static override args = {
    file: Args.string({description: 'the sealed delivery', required: true, ignoreStdin: true}),
  }
  static override flags = {
    key: Flags.string({summary: 'file with the private key: PEM or JWK', helpValue: 'KEYFILE'}),
    ...deliverFlags,
  }

  async run(): Promise<Opened> {
    const {args, flags} = await this.parse(SecretOpen)
    const keyFile = required(flags.key, 'key')
    const sinkText = required(flags.deliver, 'deliver')
    const [{openSealedDelivery}, {sinkFrom}] = await Promise.all([
      import('../../cli/open-sealed.ts'),
      import('../../cli/sinks.ts'),
    ])
    const {sink, deps} = sinkFrom(sinkText, process.env, await this.showOnTerminal())
    const opened = await openSealedDelivery(args.file, keyFile, sink, deps)
    if (opened.result === 'failed') process.exitCode = 6
    await this.printWrapped([
      opened.result === 'ok'
        ? `The secret is in ${printable(opened.sink, 400)}.`
        : `NOT handed over: ${printable(opened.detail ?? 'the sink refused it', 400)}`,
    ])
    return opened
  }
}
