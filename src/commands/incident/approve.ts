import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {StanchError} from '../../errors.ts'

interface Approved {
  readonly incident: string
  readonly plan_hash: string
  readonly kind: 'before' | 'emergency'
  readonly by: string
  readonly at: string
  readonly line: string
  readonly vkey?: string
}

export default class IncidentApprove extends TenantCommand {
  static override summary = "a second responder signs a plan's hash; the first one records it"
  static override description = `The second responder reads the plan file, then signs its hash on their own machine and sends the printed line back.
The first one records it with --add, or gives it to stanch execute --require-approval VKEY --approval FILE, which sends nothing without it.
An approval that comes after the act is recorded as an emergency. Without an id it is for a plan whose incident is not opened yet.`
  static override examples = [
    {
      description: 'on the second machine',
      command: '<%= config.bin %> incident approve --plan-hash 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    },
    {
      description: 'on the first machine, afterwards',
      command:
        '<%= config.bin %> incident approve inc-20261122-k7m2xq --add approval.txt --vkey stanch.local/0123456789abcdef+3e7c77f9+AVgP8uoNkkPoV5ZbmrDVoM2anOAjx8tFMJcv5LU9yPh+',
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', ignoreStdin: true}),
  }
  static override flags = {
    'plan-hash': Flags.string({summary: 'sign the plan with this hash', helpValue: 'H', exclusive: ['add']}),
    emergency: Flags.boolean({summary: 'the plan was carried out already', dependsOn: ['plan-hash']}),
    add: Flags.string({
      summary: 'record an approval: the line itself, a file, or - for standard input',
      helpValue: 'LINE|FILE|-',
      dependsOn: ['vkey'],
    }),
    vkey: Flags.string({summary: 'the key of the second responder, from the roster or in person', helpValue: 'VKEY'}),
    simulated: Flags.boolean({summary: 'sign with the key of the trail of drills'}),
  }

  async run(): Promise<Approved> {
    const {args, flags} = await this.parse(IncidentApprove)
    const {addApproval, giveApproval} = await import('../../cli/approve.ts')
    const place = this.place(flags)
    if (flags.add !== undefined) {
      if (args.id === undefined)
        throw new StanchError('usage.missing_flag', 'Which incident? Its id is needed to record an approval.')
      const added = await addApproval(place, args.id, flags.add, required(flags.vkey, 'vkey'))
      this.print([
        `Recorded: ${added.by} approved plan ${added.plan_hash}${added.kind === 'emergency' ? ' after it was carried out (emergency)' : ''}.`,
      ])
      return added
    }
    const given = await giveApproval(
      place,
      flags.simulated ? 'sim' : 'real',
      args.id,
      required(flags['plan-hash'], 'plan-hash'),
      flags.emergency,
    )
    this.say(`Send this line back. Your key, for the roster: ${given.vkey}`)
    this.print([given.line])
    return given
  }
}
