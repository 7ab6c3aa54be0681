import * as Flags from '@oclif/core/flags'

import {TenantCommand} from '../../../cli/tenant-command.ts'
import type {WitnessRequest} from '../../../cli/witness.ts'

export default class AuditWitnessRequest extends TenantCommand {
  static override summary = 'print what a second responder needs to countersign this trail'
  static override description = `Prints the newest checkpoint and the proof that it extends the one that the witness signed last. Paste all of it to them;
they run stanch audit witness sign and send one line back, which stanch audit witness add takes. It holds no record and no secret.`
  static override examples = [
    {description: 'into the chat', command: '<%= config.bin %> audit witness request'},
    {description: 'for a witness who last signed 120 records', command: '<%= config.bin %> audit witness request --old 120'},
  ]
  static override flags = {
    old: Flags.integer({summary: 'records that the witness signed last; default: as on record here', min: 0, helpValue: 'N'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<WitnessRequest> {
    const {flags} = await this.parse(AuditWitnessRequest)
    const {requestWitness} = await import('../../../cli/witness.ts')
    const request = await requestWitness(this.place(flags), flags.simulated ? 'sim' : 'real', flags.old)
    if (!this.jsonEnabled()) process.stdout.write(request.message)
    return request
  }
}
