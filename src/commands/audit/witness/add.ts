import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {TenantCommand} from '../../../cli/tenant-command.ts'
import type {WitnessAdded} from '../../../cli/witness.ts'

const MAX_LINE = 65_536

export default class AuditWitnessAdd extends TenantCommand {
  static override summary = "add a second responder's countersignature to this trail"
  static override description = `Takes the line that stanch audit witness sign printed. It is checked with the witness' key, which must come from the roster or
from them in person, never from the message. The checkpoint with the line is kept, and the anchor recorded.`
  static override examples = [
    {
      description: 'pasted, with the key of the witness',
      command:
        '<%= config.bin %> audit witness add - --vkey stanch.local/witness/bob+1a1300e1+BAk+Zjw1fqMDMW4ttkdaZZqbDS47+wNVp5MfWs3v0x4J',
    },
    {description: 'any witness of the roster', command: '<%= config.bin %> audit witness add line.txt --roster roster.txt'},
  ]
  static override args = {
    line: Args.string({description: 'a file, or - for standard input', default: '-', ignoreStdin: true}),
  }
  static override flags = {
    vkey: Flags.string({summary: 'the key of the witness', helpValue: 'VKEY'}),
    roster: Flags.string({summary: "the team's roster, with the keys of its witnesses", helpValue: 'FILE'}),
    incident: Flags.string({summary: 'record it in this incident', helpValue: 'ID'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<WitnessAdded> {
    const {args, flags} = await this.parse(AuditWitnessAdd)
    const [{addWitness}, {readText}] = await Promise.all([import('../../../cli/witness.ts'), import('../../../cli/read-text.ts')])
    const pasted = await readText(args.line, MAX_LINE)
    const added = await addWitness(this.place(flags), flags.simulated ? 'sim' : 'real', pasted, flags)
    this.print([`${added.witness} saw ${added.size} records of this trail; the countersigned checkpoint is kept and recorded.`])
    return added
  }
}
