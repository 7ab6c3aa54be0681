import * as Flags from '@oclif/core/flags'

import {connectionFlags} from '../../cli/flags.ts'
import {inspectedToken, inspectionLines} from '../../cli/inspect-token.ts'
import type {InspectedToken, SignatureVerdict} from '../../cli/inspect-token.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {systemClock} from '../../clock.ts'
import {StanchError} from '../../errors.ts'
import type {Secret} from '../../secret.ts'
import {inspectText} from '../../tokens/inspect.ts'

export default class TokenInspect extends TenantCommand {
  static override summary = 'what a pasted string is, what it opens and until when'
  static override description = `Recognises tokens, secrets and keys, decodes what can be decoded, and names the runbook. It never takes the
value from the command line: pipe it in, name a file, or paste it at the hidden prompt.
With a connection (AUTH0_DOMAIN is enough) the signature is checked against the tenant's keys; no other host is asked.`
  static override examples = [
    {description: 'paste it, nothing is shown', command: '<%= config.bin %> token inspect'},
    {description: 'from a file, without the network', command: '<%= config.bin %> token inspect --file leaked.txt --offline'},
  ]
  // A value on the command line is refused by us, with a better sentence than the parser has.
  static override strict = false
  static override flags = {
    file: Flags.string({summary: 'the value is in this file; - is standard input', helpValue: 'F|-'}),
    offline: Flags.boolean({summary: 'do not check the signature; nothing is sent'}),
    ...connectionFlags,
  }

  async run(): Promise<InspectedToken> {
    const {flags, argv} = await this.parse(TokenInspect)
    if (argv.length > 0) {
      throw new StanchError(
        'usage.secret_in_argv',
        'The value is not taken from the command line, where the process list and the history of the shell keep it.',
        {
          hint: 'Pipe it in, use --file F, or paste it at the prompt.',
        },
      )
    }
    const pasted = await this.#read(flags.file)
    const found = inspectText(pasted.reveal())
    const {signature, now} = await this.#verify(pasted, found.format, flags)
    const token = inspectedToken(found, signature, now)
    await this.printWrapped(inspectionLines(token, found, now))
    return token
  }

  async #read(file: string | undefined): Promise<Secret> {
    const {pastedInput} = await import('../../cli/pasted-input.ts')
    return pastedInput(file, 'Paste what leaked:')
  }

  async #verify(
    pasted: Secret,
    format: string,
    flags: {offline: boolean; profile?: string | undefined; proxy?: string | undefined; 'log-level': string},
  ): Promise<{signature: SignatureVerdict; now: number}> {
    const unknown = (reason: string) => ({
      signature: {verdict: 'unknown' as const, reason},
      now: Math.floor(systemClock.now() / 1000),
    })
    if (format === 'jwe') return unknown('the token is encrypted')
    if (format !== 'jwt') return unknown('it has no signature')
    if (flags.offline) return unknown('not checked: --offline')
    const {keySetConnection, signatureAt} = await import('../../cli/signature.ts')
    const place = this.place(flags)
    const connection = await keySetConnection(place, flags)
    if (!connection) return unknown('not checked: no connection to a tenant')
    const connected = await this.connectWith(place, connection, flags)
    const signature = await signatureAt(pasted, connected)
    return {signature, now: Math.floor(connected.clock.now() / 1000)}
  }
}
