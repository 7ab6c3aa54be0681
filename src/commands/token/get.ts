import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {connectionFlags} from '../../cli/flags.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {rfc3339} from '../../clock.ts'
import {StanchError} from '../../errors.ts'
import {printable} from '../../untrusted.ts'

export interface TokenSummary {
  readonly client_id: string
  readonly audience: string
  readonly encoding: 'form' | 'json'
  readonly scopes: readonly string[]
  readonly expires_in_seconds: number
  readonly expires_at: string
  readonly jti?: string
}

export default class TokenGet extends TenantCommand {
  static override summary = 'a token for an API by client_credentials, with the configured credential'
  static override description = `Asks the token endpoint for a token and shows what it is good for. The token itself is shown only with --reveal:
then it alone goes to standard output. It cannot be revoked and lives until its exp, so ask for one only if you need it.`
  static override examples = [
    {
      description: 'does the credential work, and for which scopes?',
      command: '<%= config.bin %> token get --audience https://acme.eu.auth0.com/api/v2/',
    },
    {
      description: 'into a file that only you can read',
      command: '(umask 077; <%= config.bin %> token get --audience https://invoices.acme.example/ --reveal > token)',
    },
  ]
  static override flags = {
    audience: Flags.string({summary: 'identifier of the API', helpValue: 'A'}),
    encoding: Flags.option({
      options: ['form', 'json'] as const,
      default: 'form' as const,
      summary: 'how the request is written; both are documented',
    })(),
    reveal: Flags.boolean({summary: 'write the token to standard output; not with --json'}),
    ...connectionFlags,
  }

  async run(): Promise<TokenSummary> {
    const {flags} = await this.parse(TokenGet)
    const audience = required(flags.audience, 'audience')
    if (flags.reveal && this.jsonEnabled()) {
      throw new StanchError(
        'usage.invalid',
        '--reveal and --json exclude each other: a token has no place in a document. Nothing was sent.',
      )
    }
    const connected = await this.connectTo(this.place(flags), flags)
    const {encoding} = flags
    const granted = await connected.tenant.getToken({audience, encoding})
    const {credential} = connected
    connected.unrecorded.add({
      ...(credential.kind === 'token' ? {} : {client_id: credential.client_id}),
      scopes: granted.scopes,
      exp: granted.exp,
      ...(granted.jti === undefined ? {} : {jti: granted.jti}),
      source: credential.kind,
      minted: true,
    })
    const summary: TokenSummary = {
      client_id: credential.kind === 'token' ? '' : credential.client_id,
      audience,
      encoding,
      scopes: granted.scopes,
      expires_in_seconds: granted.expires_in,
      expires_at: rfc3339(granted.exp),
      ...(granted.jti === undefined ? {} : {jti: granted.jti}),
    }
    const lines = [
      `A token of client ${summary.client_id} for ${printable(audience)}`,
      `Expires:  ${summary.expires_at} (${granted.expires_in} s); it cannot be revoked before`,
      `Scopes:   ${granted.scopes.map((scope) => printable(scope, 80)).join(' ') || 'none'}`,
    ]
    if (flags.reveal) {
      for (const line of lines) this.say(line)
      this.print([granted.token.reveal()])
    } else await this.printWrapped([...lines, 'The token itself is not shown; --reveal writes it to standard output.'])
    return summary
  }
}
