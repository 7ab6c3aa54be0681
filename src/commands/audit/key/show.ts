import * as Flags from '@oclif/core/flags'

import type {AuditKey} from '../../../cli/audit-key.ts'
import {TenantCommand} from '../../../cli/tenant-command.ts'

export default class AuditKeyShow extends TenantCommand {
  static override summary = "the two lines of this trail for the team's roster: its key and its first record"
  static override description = `Prints a line "log VKEY" (C2SP tlog-policy) and a line "ORIGIN LEAF-HASH". Whoever has them can pin the trail with
stanch audit verify --vkey VKEY --first LEAF-HASH: a rewrite from the first record on is then found. Changes nothing.`
  static override examples = [
    {description: "append both to the team's roster", command: '<%= config.bin %> audit key show >> stanch-roster.txt'},
    {description: 'the trail of drills', command: '<%= config.bin %> audit key show --simulated --json'},
  ]
  static override flags = {
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<AuditKey> {
    const {flags} = await this.parse(AuditKeyShow)
    const {showKey} = await import('../../../cli/audit-key.ts')
    const key = showKey(this.place(flags), flags.simulated ? 'sim' : 'real')
    this.print([`log ${key.vkey}`, `${key.origin} ${key.first}`])
    return key
  }
}
