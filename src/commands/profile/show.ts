import * as Args from '@oclif/core/args'

import {StanchCommand} from '../../cli/base-command.ts'
import {profileLines, storedProfile} from '../../cli/profiles.ts'
import type {ShownProfile} from '../../cli/profiles.ts'

export default class ShowProfile extends StanchCommand {
  static override summary = 'one stored connection, with its references'
  static override examples = [
    {description: 'where does it get its secret?', command: '<%= config.bin %> profile show prod'},
    {description: 'for a script', command: '<%= config.bin %> profile show prod --json'},
  ]
  static override args = {name: Args.string({description: 'name of the profile', required: true, ignoreStdin: true})}

  async run(): Promise<ShownProfile> {
    const {args, flags} = await this.parse(ShowProfile)
    const profile = storedProfile({config: this.config, env: process.env, logLevel: flags['log-level']}, args.name)
    this.print(profileLines(profile))
    return profile
  }
}
