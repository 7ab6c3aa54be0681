import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {connectionFlags, notifyFlags} from '../cli/flags.ts'
import {TenantCommand} from '../cli/tenant-command.ts'
import {isCode, StanchError} from '../errors.ts'
import {safeJson} from '../untrusted.ts'

export default class Watch extends TenantCommand {
  static override summary =
    "watch a client until the all clear: the old secret's uses, grants that come back, consumers that move"
  static override description = `Reads the tenant's log, the client's grants and its keys, round by round, and changes nothing. What it sees goes into the
trail, with where the reading stands: after a crash or Ctrl-C the same command goes on from there. Ends with exit 0 at the all clear.
With the scope read:log_streams it looks at the log streams, too, when it begins and when it ends: Auth0 suspends one without a word.
With --json it prints a stream: one document a line, as things happen.`
  static override examples = [
    {description: 'the only open incident of this tenant, until the all clear', command: '<%= config.bin %> watch'},
    {
      description: 'a stream for a bot: what the watch saw, without the states between',
      command: `<%= config.bin %> watch inc-20261122-k7m2xq --json | jq -c 'select(.type == "event")'`,
    },
    {
      description: 'one look, for a script: 0 all clear, 10 not yet',
      command: '<%= config.bin %> watch inc-20261122-k7m2xq --exit-code',
    },
  ]
  static override args = {
    incident: Args.string({description: 'incident id; default the only open one of this tenant', ignoreStdin: true}),
  }
  static override flags = {
    ...connectionFlags,
    ...notifyFlags,
    interval: Flags.integer({
      summary: 'seconds between two rounds',
      default: 30,
      min: 5,
      max: 3600,
      helpValue: 'S',
    }),
    'exit-code': Flags.boolean({summary: 'look once and leave: exit 10 while there is no all clear'}),
  }

  /** A stream has one document a line; so has its error. */
  protected override logJson(json: unknown): void {
    process.stdout.write(`${safeJson(json)}\n`)
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Watch)
    const [{watchIncident}, {WatchOutput}, {stopSignal}] = await Promise.all([
      import('../cli/watch.ts'),
      import('../cli/watch-output.ts'),
      import('../cli/streaming.ts'),
    ])
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const stop = stopSignal()
    this.closeAfterwards(() => stop.release())
    const output = new WatchOutput({
      json: this.jsonEnabled(),
      connected,
      env: process.env,
      stdout: process.stdout,
      stderr: process.stderr,
      interval: flags.interval,
      once: flags['exit-code'],
    })
    this.closeAfterwards(() => output.close())
    const view = await watchIncident({
      place,
      connected,
      incident: args.incident,
      interval: flags.interval,
      once: flags['exit-code'],
      notify: flags.notify ?? [],
      signal: stop.signal,
      onIncident: (found) => {
        this.incidentId = found.state.incident_id
        output.begin(found.state)
      },
      onEvent: (event) => output.event(event),
      onView: (seen) => output.view(seen),
    })
    process.exitCode = view.state === 'clear' ? 0 : 10
    output.end(view, process.exitCode)
  }

  protected override async catch(error: unknown): Promise<void> {
    await this.closeAll()
    if (!isCode(error, 'interrupted')) return super.catch(error)
    await super.catch(
      new StanchError('interrupted', 'The watch was left. What it saw is in the trail; nothing in the tenant was changed.', {
        hint: `Go on from here: stanch watch ${this.incidentId ?? ''}`.trim(),
      }),
    )
  }
}
