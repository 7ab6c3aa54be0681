import * as Flags from '@oclif/core/flags'

import type {Assessment} from '../cli/assess.ts'
import {required} from '../cli/base-command.ts'
import {choiceFlags, clientFlag, connectionFlags, leakFlag} from '../cli/flags.ts'
import {patiently} from '../cli/patience.ts'
import {TenantCommand} from '../cli/tenant-command.ts'

export default class Assess extends TenantCommand {
  static override summary = 'every way to a new token, now and after the plan, and what closes the rest'
  static override description = `Grants of machines and of users, APIs that let every application in, default grants that take over when a third-party
application loses its own, the flows and every credential of the application. Only reads are sent; nothing is written down.`
  static override examples = [
    {
      description: 'would the plan close everything?',
      command: '<%= config.bin %> assess --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6',
    },
    {
      description: 'what stays open when only the secret is rotated',
      command: "<%= config.bin %> assess --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --keep-grants --json | jq -r '.stays_open[]'",
    },
  ]
  static override flags = {
    ...connectionFlags,
    client: clientFlag,
    leak: leakFlag(),
    runbook: Flags.string({summary: 'a shipped runbook, or a path that contains a slash', helpValue: 'R'}),
    ...choiceFlags,
  }

  async run(): Promise<Assessment> {
    const {flags} = await this.parse(Assess)
    const client_id = required(flags.client, 'client')
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const [{assess}, {assessLines}, {DEFAULT_CHOICES}] = await Promise.all([
      import('../cli/assess.ts'),
      import('../report/assess-lines.ts'),
      import('../incident/policy.ts'),
    ])
    const choices = {
      ...DEFAULT_CHOICES,
      keep_grants: flags['keep-grants'],
      rotate: !flags['no-rotate'],
      include_user_grants: flags['include-user-grants'],
    }
    const {assessment, snapshot} = await patiently(
      'reading the tenant',
      assess(place, connected, {client_id, leak: flags.leak, runbook: flags.runbook, choices}),
    )
    await this.printWrapped(assessLines(assessment, snapshot))
    return assessment
  }
}
