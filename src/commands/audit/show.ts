import * as Flags from '@oclif/core/flags'

import {TenantCommand} from '../../cli/tenant-command.ts'
import type {StoredRecord} from '../../trail/format/record.ts'

export default class AuditShow extends TenantCommand {
  static override summary = "the records of this machine's audit trail"
  static override description = `Shows the real trail, or with --simulated that of drills. With --incident the trail is the one that the incident is in.
It does not verify: that is stanch audit verify. Changes nothing.`
  static override examples = [
    {description: 'one incident from start to end', command: '<%= config.bin %> audit show --incident inc-20261122-k7m2xq'},
    {description: 'what was sent in the last two hours', command: '<%= config.bin %> audit show --kind intent --since 2h'},
  ]
  static override flags = {
    incident: Flags.string({summary: 'only this incident', helpValue: 'ID'}),
    kind: Flags.string({summary: 'only records of this kind: intent, outcome, observe, decision, ...', helpValue: 'K'}),
    since: Flags.string({summary: 'only from then on: RFC 3339, or 2h, 30m', helpValue: 'T'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<readonly StoredRecord[]> {
    const {flags} = await this.parse(AuditShow)
    const [{trailRecords}, {recordLines}] = await Promise.all([
      import('../../cli/trail-records.ts'),
      import('../../report/audit-lines.ts'),
    ])
    const {folder, mode, records} = trailRecords(this.place(flags), flags)
    const shown: StoredRecord[] = []
    for (const record of records) {
      if (this.jsonEnabled()) shown.push(record)
      else this.print(recordLines(record))
    }
    this.say(
      `${mode === 'sim' ? 'SIMULATED' : 'REAL'} trail in ${folder}; not verified here: stanch audit verify${mode === 'sim' ? ' --simulated' : ''}`,
    )
    return shown
  }
}
