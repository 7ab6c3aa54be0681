import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {connectionFlags} from '../cli/flags.ts'
import {IncidentCommand} from '../cli/incident-command.ts'
import type {SetupOptions, SetupResult} from '../cli/setup.ts'
import {StanchError} from '../errors.ts'
import {CAPABILITIES} from '../incident/capabilities.ts'

export default class Setup extends IncidentCommand {
  static override summary = 'make the machine clients stanch-assess and stanch-contain with the least scopes'
  static override description = `Needs a credential that may make clients once: a token from the API Explorer in AUTH0_API_TOKEN does.
A client that exists is never changed: then setup stops (exit 3). Each secret goes to the sink and nowhere else.
Capabilities: ${CAPABILITIES.map((one) => one.id).join(', ')}; without --capabilities the advised ones.`
  static override examples = [
    {description: 'see what would be made', command: '<%= config.bin %> setup --dry-run'},
    {
      description: 'both, unattended',
      command: "<%= config.bin %> setup --yes --reason 'onboarding' --deliver file:/run/secrets/{client}",
    },
  ]
  static override args = {
    client: Args.string({description: 'only this one', options: ['assess', 'contain'], ignoreStdin: true}),
  }
  static override flags = {
    ...connectionFlags,
    capabilities: Flags.string({
      summary: 'what the client can do; may be repeated',
      options: CAPABILITIES.map((one) => one.id),
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'ID',
    }),
    deliver: Flags.string({
      summary: 'where the secret goes: file:PATH, exec:COMMAND, sealed:PATH?to=KEYFILE or prompt; {client} is its name',
      helpValue: 'SINK',
    }),
    reason: Flags.string({summary: 'why; goes into the trail, and is needed unattended', helpValue: 'TEXT'}),
    yes: Flags.boolean({char: 'y', summary: 'make them; nobody is asked'}),
    'dry-run': Flags.boolean({summary: 'show what would be made; only reads are sent'}),
  }

  async run(): Promise<SetupResult> {
    const {args, flags} = await this.parse(Setup)
    const attended = this.isAttended(flags)
    if (!attended) this.checkUnattended(flags, {sink: false})
    if (!attended && flags.deliver === undefined && !flags['dry-run']) {
      throw new StanchError('usage.missing_sink', 'Unattended, setup needs to know where the secrets go. Nothing was sent.', {
        hint: 'Add --deliver file:/whole/path/{client}, exec:COMMAND or sealed:PATH?to=KEYFILE.',
      })
    }
    this.sinkOf(flags.deliver === undefined ? {} : {deliver: flags.deliver.replaceAll('{client}', 'client')}, attended)
    const options: SetupOptions = {
      only: args.client as 'assess' | 'contain' | undefined,
      capabilities: flags.capabilities,
      deliver: flags.deliver,
      reason: flags.reason,
      dry_run: flags['dry-run'],
    }
    const [{runSetup, setupLines, wantedClients}, {pathsOf}] = await Promise.all([
      import('../cli/setup.ts'),
      import('../cli/context.ts'),
    ])
    const place = this.place(flags)
    const wanted = wantedClients(pathsOf(place), options)
    this.watchInterrupts()
    const connected = await this.connectTo(place, flags)
    const responder = await this.responder(attended, connected, flags.yes || !attended ? {'setup.confirm': 'yes'} : {})
    const result = await runSetup(
      {
        place,
        connected,
        responder,
        options,
        interruption: this.interruption,
        say: (line) => this.say(line),
        showOnTerminal: await this.showOnTerminal(),
      },
      wanted,
    )
    this.print(setupLines(result))
    process.exitCode = {planned: 0, done: 0, partial: 6, declined: 3}[result.status]
    return result
  }
}
