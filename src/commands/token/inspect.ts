import * as Flags from '@oclif/core/flags'

import {clientFlag, connectionFlags, scannerFlags} from '../../cli/flags.ts'
import {inspectedToken, inspectionLines, matched} from '../../cli/inspect-token.ts'
import type {InspectedToken, SignatureVerdict} from '../../cli/inspect-token.ts'
import {pastedInput} from '../../cli/pasted-input.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {systemClock} from '../../clock.ts'
import {StanchError} from '../../errors.ts'
import type {Secret} from '../../secret.ts'
import {inspectText} from '../../tokens/inspect.ts'
import type {Inspection} from '../../tokens/inspect.ts'

interface OnlineFlags {
  readonly probe: boolean
  readonly 'find-client': boolean
  readonly profile?: string | undefined
  readonly proxy?: string | undefined
  readonly 'log-level': string
}

export default class TokenInspect extends TenantCommand {
  static override summary = 'what a pasted string is, what it opens and until when'
  static override description = `Recognises tokens, secrets and keys, decodes what can be decoded, and names the runbook. It never takes the
value from the command line: pipe it in, name a file, or paste it at the hidden prompt.
With a connection (AUTH0_DOMAIN is enough) the signature is checked against the tenant's keys; no other host is asked.
--find-client says whose it is. For a bare secret it reads the secrets of all applications, which the tenant logs.
--probe asks whether it still works: no token is issued and no data is read.`
  static override examples = [
    {description: 'paste it, nothing is shown', command: '<%= config.bin %> token inspect'},
    {description: 'from a file, without the network', command: '<%= config.bin %> token inspect --file leaked.txt --offline'},
    {
      description: 'what a scanner found: whose is it, and does it still work?',
      command: '<%= config.bin %> token inspect --from-scanner trufflehog.jsonl --find-client --probe',
    },
  ]
  // A value on the command line is refused by us, with a better sentence than the parser has.
  static override strict = false
  static override flags = {
    file: Flags.string({summary: 'the value is in this file; - is standard input', helpValue: 'F|-'}),
    ...scannerFlags,
    offline: Flags.boolean({summary: 'do not check the signature; nothing is sent', exclusive: ['probe', 'find-client']}),
    probe: Flags.boolean({summary: 'ask the tenant whether it still works; mints no token, reads no data'}),
    'find-client': Flags.boolean({summary: 'whose is it? For a bare secret this reads all secrets, which the tenant logs'}),
    client: clientFlag,
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
    const {pasted, client_id} = await this.#input(flags)
    const found = inspectText(pasted.reveal())
    const online = flags.probe || flags['find-client']
    const {signature, now, alive, owner} = online
      ? await this.#ask(pasted, found, client_id, flags)
      : {...(await this.#verify(pasted, found.format, flags)), alive: undefined, owner: undefined}
    const token = inspectedToken(found, signature, now, {alive, owner, client_id})
    await this.printWrapped(inspectionLines(token, found, now))
    return token
  }

  async #input(flags: {
    file?: string | undefined
    client?: string | undefined
    finding?: number | undefined
    'from-scanner'?: string | undefined
  }): Promise<{
    pasted: Secret
    client_id: string | undefined
  }> {
    if (flags['from-scanner'] === undefined) {
      return {pasted: await pastedInput(flags.file, 'Paste what leaked:'), client_id: flags.client}
    }
    const {pickFinding, chooseFinding} = await import('../../cli/scanner-input.ts')
    const attended = !this.jsonEnabled() && process.stdin.isTTY && flags['from-scanner'] !== '-'
    const picked = await pickFinding(flags, attended ? chooseFinding : undefined)
    this.say(`From ${picked.said}`)
    return {pasted: picked.value, client_id: flags.client ?? picked.client_id}
  }

  /** Signature, owner and standing, all of the connected tenant. */
  async #ask(pasted: Secret, found: Inspection, client_id: string | undefined, flags: OnlineFlags) {
    const place = this.place(flags)
    const [
      {signatureAt, keySetConnection},
      {COMPARE_WARNING, findClient, mayBeSecret},
      {liveness, standingUnasked},
      {bareCredential},
    ] = await Promise.all([
      import('../../cli/signature.ts'),
      import('../../cli/find-client.ts'),
      import('../../execution/liveness.ts'),
      import('../../cli/leaked-value.ts'),
    ])
    const {findConnection} = await import('../../cli/context.ts')
    // Asking whether it works needs no credential of ours; looking for its application does.
    const connection =
      (flags['find-client'] ? undefined : await keySetConnection(place, flags)) ?? (await findConnection(place, flags))
    const connected = await this.connectWith(place, connection, flags)
    const value = bareCredential(pasted)
    const signature =
      found.format === 'jwt'
        ? await signatureAt(pasted, connected)
        : {verdict: 'unknown' as const, reason: found.format === 'jwe' ? 'the token is encrypted' : 'it has no signature'}
    const bare = mayBeSecret(found) && (client_id ?? found.client_id) === undefined
    if (flags['find-client'] && bare) this.say(COMPARE_WARNING)
    const owner = flags['find-client'] ? await findClient(place, connected, {found, value, client_id}) : undefined
    const now = Math.floor(connected.clock.now() / 1000)
    const whose = owner?.client_id ?? client_id ?? found.client_id
    const leaked = {found: matched(found, owner), value, client_id: whose, credential_id: owner?.credential_id}
    const alive = flags.probe ? await liveness(connected.tenant, leaked, now) : standingUnasked(leaked, now)
    return {signature, now, alive, owner}
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
