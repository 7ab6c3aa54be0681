import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {TenantCommand} from '../../../cli/tenant-command.ts'
import type {WitnessSigned} from '../../../cli/witness.ts'

const MAX_MESSAGE = 262_144

export default class AuditWitnessSign extends TenantCommand {
  static override summary = "countersign a colleague's trail, if it extends what you signed last"
  static override description = `Takes what stanch audit witness request printed, from a file or pasted. Refuses a checkpoint that its log did not sign,
that is older than the last one signed here, or that does not extend it. Prints one line to send back. Run it on your own machine.`
  static override examples = [
    {
      description: 'the first time, with the key from the roster',
      command:
        '<%= config.bin %> audit witness sign request.txt --vkey stanch.local/0123456789abcdef+3e7c77f9+AVgP8uoNkkPoV5ZbmrDVoM2anOAjx8tFMJcv5LU9yPh+',
    },
    {description: 'pasted', command: '<%= config.bin %> audit witness sign -'},
  ]
  static override args = {
    message: Args.string({description: 'a file, or - for standard input', default: '-', ignoreStdin: true}),
  }
  static override flags = {
    vkey: Flags.string({summary: "the other log's key, from its owner or the roster; needed the first time", helpValue: 'VKEY'}),
    simulated: Flags.boolean({summary: 'record it in the trail of drills'}),
  }

  async run(): Promise<WitnessSigned> {
    const {args, flags} = await this.parse(AuditWitnessSign)
    const [{signAsWitness}, {readText}] = await Promise.all([
      import('../../../cli/witness.ts'),
      import('../../../cli/read-text.ts'),
    ])
    const message = await readText(args.message, MAX_MESSAGE)
    const signed = await signAsWitness(this.place(flags), flags.simulated ? 'sim' : 'real', message, flags.vkey)
    this.say(`Signed ${signed.size} records of ${signed.origin}. Your key, for the roster: ${signed.witness_vkey}`)
    if (!this.jsonEnabled()) process.stdout.write(signed.line)
    return signed
  }
}
