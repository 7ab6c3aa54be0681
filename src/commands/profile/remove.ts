import * as Args from '@oclif/core/args'

import {StanchCommand} from '../../cli/base-command.ts'
import {dropProfile} from '../../cli/profiles.ts'
import type {ShownProfile} from '../../cli/profiles.ts'

export default class RemoveProfile extends StanchCommand {
  static override summary = 'forget a stored connection; what its references point to stays'
  static override examples = [
    {description: 'forget one', command: '<%= config.bin %> profile remove prod'},
    {description: 'and say what it was', command: '<%= config.bin %> profile remove prod --json'},
  ]
  static override args = {name: Args.string({description: 'name of the profile', required: true, ignoreStdin: true})}

  async run(): Promise<{removed: ShownProfile}> {
    const {args, flags} = await this.parse(RemoveProfile)
    const removed = dropProfile({config: this.config, env: process.env, logLevel: flags['log-level']}, args.name)
    this.print([`Removed ${removed.name} (${removed.domain}).`])
    return {removed}
  }
}
