import * as Args from '@oclif/core/args'

import {StanchCommand} from '../cli/base-command.ts'
import {completionScript, SHELLS} from '../cli/completion.ts'
import type {Shell} from '../cli/completion.ts'

export default class Completion extends StanchCommand {
  static override summary = 'print a script that completes commands, flags, incidents and clients in your shell'
  static override description = `The script is static: completing runs no stanch and asks no tenant. Incidents and clients are looked up on this machine; a
client is found by a part of its name, too, once a command has read it (names are kept in the cache folder, 0600). In fish
that takes Tab twice; its list is searched with Ctrl-S.`
  static override examples = [
    {description: 'bash, for this session', command: 'source <(<%= config.bin %> completion bash)'},
    {description: 'fish, for good', command: '<%= config.bin %> completion fish > ~/.config/fish/completions/stanch.fish'},
  ]
  static override args = {
    shell: Args.string({description: 'your shell', options: [...SHELLS], required: true, ignoreStdin: true}),
  }

  async run(): Promise<{shell: string; script: string}> {
    const {args} = await this.parse(Completion)
    const script = completionScript(args.shell as Shell, this.config.commands)
    this.print(script.trimEnd().split('\n'))
    return {shell: args.shell, script}
  }
}
