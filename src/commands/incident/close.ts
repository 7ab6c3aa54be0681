import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import type {Closed} from '../../cli/close.ts'
import {connectionFlags} from '../../cli/flags.ts'
import {IncidentCommand} from '../../cli/incident-command.ts'
import {StanchError} from '../../errors.ts'
import {DISPOSITIONS} from '../../incident/close-items.ts'

export default class IncidentClose extends IncidentCommand {
  static override summary = 'close an incident: compared with the tenant, signed off, anchored'
  static override description = `Refuses while an operation has no answer. Compares the trail with the tenant's log, waiting out its delay, and asks for
the disposition, the cause and a place outside this machine that holds the checkpoint. Steps for people, open ways to a token, what a
hunt found, a secret that was not handed over and an alarm of the watch keep it open, unless somebody answers for them by name. After the close nothing can be added. Exit 0 closed, 5 the tenant's log differs, 6 still open.`
  static override examples = [
    {
      description: 'contained, with the checkpoint in the ticket',
      command:
        '<%= config.bin %> incident close inc-20261122-k7m2xq --disposition contained --cause "pushed to a public repository" --anchor SEC-42',
    },
    {
      description: 'without an anchor, because somebody said so',
      command:
        '<%= config.bin %> incident close inc-20261122-k7m2xq --disposition false_alarm --no-anchor --reason "drill" --waived-by "Alice"',
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }
  static override flags = {
    ...connectionFlags,
    disposition: Flags.option({options: DISPOSITIONS, summary: 'how it ended'})(),
    cause: Flags.string({summary: 'what led to it', helpValue: 'TEXT'}),
    lessons: Flags.string({summary: 'what will be done differently', helpValue: 'TEXT'}),
    anchor: Flags.string({
      summary: 'where the checkpoint was or will be posted: a ticket, a link',
      helpValue: 'REF',
      exclusive: ['no-anchor'],
    }),
    'anchor-size': Flags.integer({
      summary: 'with --anchor: the second of the posted lines; by default the state at the close, whose lines are printed',
      helpValue: 'N',
      min: 1,
      dependsOn: ['anchor'],
    }),
    'no-anchor': Flags.boolean({summary: 'close without one; needs --waived-by and --reason'}),
    'no-reconcile': Flags.string({
      summary: "do not compare with the tenant's log, for this reason; needs --waived-by",
      helpValue: 'REASON',
    }),
    wait: Flags.boolean({summary: 'wait out the delay of the tenant log (default)', default: true, allowNo: true}),
    waive: Flags.string({
      summary: 'somebody answers for leaving this open: an item as it is listed, or ITEM=REASON; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'ITEM',
    }),
    'waived-by': Flags.string({summary: 'who answers for it', helpValue: 'NAME'}),
    reason: Flags.string({summary: 'why it may stay open', helpValue: 'TEXT'}),
    also: Flags.string({
      summary: 'a trail or slice of somebody else of the team; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FOLDER',
    }),
  }

  async run(): Promise<Closed> {
    const {args, flags} = await this.parse(IncidentClose)
    const [{closeExit, closeIncident, waiversFrom}, {closeLines}, {reconcileLines}, {clockLines, responseLines}] =
      await Promise.all([
        import('../../cli/close.ts'),
        import('../../report/close-lines.ts'),
        import('../../report/reconcile-lines.ts'),
        import('../../report/clock-lines.ts'),
      ])
    const {'no-reconcile': unreconciled, 'waived-by': by, anchor} = flags
    const items = [...(flags.waive ?? []), ...(flags['no-anchor'] ? ['anchor'] : [])]
    if (items.includes('reconcile') && unreconciled !== undefined)
      throw new StanchError('usage.invalid', 'Name --no-reconcile or --waive reconcile, not both.')
    const waivers = [
      ...waiversFrom(items, by, flags.reason),
      ...(unreconciled === undefined ? [] : waiversFrom(['reconcile'], by, unreconciled)),
    ]
    this.incidentId = args.id
    this.watchInterrupts()
    const place = this.place(flags)
    const attended = this.isAttended({})
    const connected = unreconciled === undefined ? await this.connectTo(place, flags) : undefined
    const {systemClock} = await import('../../clock.ts')
    const closed = await closeIncident({
      place,
      responder: await this.responder(attended, connected ?? {clock: systemClock}),
      request: {
        incident: args.id,
        disposition: flags.disposition,
        cause: flags.cause,
        lessons: flags.lessons,
        anchor: anchor === undefined ? undefined : {type: 'chat', reference: anchor, size: flags['anchor-size']},
        waivers,
        wait: flags.wait,
        also: flags.also ?? [],
      },
      interruption: this.interruption,
      say: (line) => this.say(line),
      ...(connected ? {connected} : {}),
    })
    process.exitCode = closeExit(closed)
    await this.printWrapped([
      ...closeLines(closed),
      ...responseLines(closed.response_times),
      ...clockLines(closed.reporting_clocks),
      ...(closed.reconcile ? ['', ...reconcileLines(closed.reconcile)] : []),
    ])
    return closed
  }
}
