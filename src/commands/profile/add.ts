import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {StanchCommand} from '../../cli/base-command.ts'
import {profileLines, storeProfile} from '../../cli/profiles.ts'
import type {ShownProfile} from '../../cli/profiles.ts'

const REFERENCE = 'env:NAME|file:PATH|exec:COMMAND'

export default class AddProfile extends StanchCommand {
  static override summary = 'store a connection under a name; it holds references, never secrets'
  static override description = `A reference says where the secret is when it is needed: a variable of the environment, a file, or a command that prints it.
Nothing is read, run or sent when a profile is added. Exactly one of --secret-ref, --private-key-ref and --token-ref is given.`
  static override examples = [
    {
      description: 'the secret is in a variable',
      command:
        '<%= config.bin %> profile add prod --domain acme.eu.auth0.com --client-id A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --secret-ref env:STANCH_PROD_SECRET',
    },
    {
      description: 'a private key in a file, behind a custom domain',
      command:
        '<%= config.bin %> profile add prod-key --domain login.acme.example --audience https://acme.eu.auth0.com/api/v2/ --client-id A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --private-key-ref file:/etc/stanch/prod.pem',
    },
  ]
  static override args = {
    name: Args.string({description: '1 to 32 of a-z, 0-9 and -', required: true, ignoreStdin: true}),
  }
  static override flags = {
    domain: Flags.string({summary: 'host of the tenant, or an origin on loopback', required: true, helpValue: 'HOST'}),
    audience: Flags.string({summary: 'audience of the Management API, behind a custom domain', helpValue: 'URL'}),
    'client-id': Flags.string({summary: 'client id of your own machine client', helpValue: 'ID'}),
    'secret-ref': Flags.string({summary: 'where its secret is', helpValue: REFERENCE}),
    'auth-method': Flags.option({options: ['post', 'basic'] as const, summary: 'how the secret is sent; default post'})(),
    'private-key-ref': Flags.string({summary: 'where its private key (PEM) is', helpValue: REFERENCE}),
    'signing-alg': Flags.option({
      options: ['RS256', 'RS384', 'PS256'] as const,
      summary: 'algorithm of the private key; default RS256',
    })(),
    'key-id': Flags.string({summary: 'key id (kid) of the private key', helpValue: 'KID'}),
    'token-ref': Flags.string({summary: 'where a ready-made token is', helpValue: REFERENCE}),
    replace: Flags.boolean({summary: 'replace a profile of that name'}),
  }

  async run(): Promise<ShownProfile> {
    const {args, flags} = await this.parse(AddProfile)
    const profile = storeProfile({config: this.config, env: process.env, logLevel: flags['log-level']}, args.name, flags)
    this.print([...profileLines(profile), '', `Try it: stanch doctor --profile ${profile.name}`])
    return profile
  }
}
