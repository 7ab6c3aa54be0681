import {StanchCommand} from '../../cli/base-command.ts'
import {credentialOf, storedProfiles} from '../../cli/profiles.ts'
import type {ShownProfile} from '../../cli/profiles.ts'
import {rows} from '../../cli/rows.ts'

export default class ListProfiles extends StanchCommand {
  static override summary = 'the stored connections'
  static override examples = [
    {description: 'which ones are there?', command: '<%= config.bin %> profile list'},
    {description: 'for a script', command: '<%= config.bin %> profile list --json'},
  ]

  async run(): Promise<{profiles: readonly ShownProfile[]}> {
    const {flags} = await this.parse(ListProfiles)
    const profiles = storedProfiles({config: this.config, env: process.env, logLevel: flags['log-level']})
    if (profiles.length === 0) this.print(['There are no profiles. Make one: stanch profile add --help'])
    else
      this.print(
        await rows(
          ['name', 'domain', 'client_id', 'credential'],
          profiles.map((one) => [one.name, one.domain, one.client_id ?? '', credentialOf(one)]),
        ),
      )
    return {profiles}
  }
}
