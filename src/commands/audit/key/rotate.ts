import * as Flags from '@oclif/core/flags'

import {StanchError} from '../../../errors.ts'
import type {RotatedKey} from '../../../cli/audit-key.ts'
import {TenantCommand} from '../../../cli/tenant-command.ts'

export default class AuditKeyRotate extends TenantCommand {
  static override summary = 'end the key epoch of the trail now; or begin a new trail with a new identity'
  static override description = `Without flags the trail stays and its key epoch ends: what is recorded so far is sealed, the key that could rewrite it
is erased. That also happens by itself at the end of an incident, daily, and every 10,000 records.
With --new-log a new trail begins, with new keys and new roster lines. The old one is closed where that is possible (a refused
or vanished one is not), moved aside whole, and named with your reason in the first record of the new one.`
  static override examples = [
    {description: 'seal what is recorded so far', command: '<%= config.bin %> audit key rotate'},
    {
      description: 'go on after the trail was refused (E_ROLLED_BACK, E_TAMPERED, ...)',
      command: "<%= config.bin %> audit key rotate --new-log --reason 'disk restored from backup, SEC-42'",
    },
  ]
  static override flags = {
    'new-log': Flags.boolean({summary: 'begin a new trail with a new identity'}),
    reason: Flags.string({summary: 'why a new trail begins; goes into its first record', helpValue: 'TEXT'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<RotatedKey> {
    const {flags} = await this.parse(AuditKeyRotate)
    const fresh = flags['new-log'] === true
    if (fresh && !flags.reason?.trim())
      throw new StanchError('usage.missing_reason', '--new-log needs --reason: it goes into the first record.')
    if (!fresh && flags.reason !== undefined) throw new StanchError('usage.invalid', '--reason belongs to --new-log.')
    const {rotateKey, newLog} = await import('../../../cli/audit-key.ts')
    const mode = flags.simulated ? 'sim' : 'real'
    const place = this.place(flags)
    const key = fresh ? await newLog(place, mode, flags.reason!.trim()) : await rotateKey(place, mode)
    this.print([
      fresh
        ? `New trail ${key.origin} in ${key.folder}`
        : `Epoch ${key.epoch} of ${key.origin} has begun; ${key.size} records are sealed.`,
      ...(key.refused === undefined ? [] : [`The old trail was refused: ${key.refused}`]),
      ...(key.aside === undefined ? [] : [`The old trail lies in ${key.aside}; keep it.`]),
      ...(fresh ? ["For the team's roster:", `log ${key.vkey}`, `${key.origin} ${key.first}`] : []),
    ])
    return key
  }
}
