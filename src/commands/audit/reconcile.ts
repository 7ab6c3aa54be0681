import * as Flags from '@oclif/core/flags'

import {connectionFlags} from '../../cli/flags.ts'
import {IncidentCommand} from '../../cli/incident-command.ts'
import type {Reconciled} from '../../cli/reconcile.ts'
import {patiently} from '../../cli/patience.ts'

export default class AuditReconcile extends IncidentCommand {
  static override summary = "compare the trail with the tenant's own log, both ways"
  static override description = `Every recorded act must be in the tenant's log, and everything that the log has of your client must be recorded.
Needs read:logs. What was fetched is kept as evidence; late answers that the log gives are written down. Changes nothing in the tenant.
Exit 0 agrees, 5 differs, 6 not knowable yet (add --wait) or any more.`
  static override examples = [
    {
      description: 'one incident, waiting until nothing can still be late',
      command: '<%= config.bin %> audit reconcile --incident inc-20261122-k7m2xq --wait',
    },
    {
      description: 'everything since yesterday, and the trail of a colleague',
      command: '<%= config.bin %> audit reconcile --since 24h --also ./bob-trail',
    },
  ]
  static override flags = {
    ...connectionFlags,
    incident: Flags.string({summary: 'from the beginning of this incident on', helpValue: 'ID'}),
    since: Flags.string({summary: 'from then on, tenant time: RFC 3339, or 2h, 30m', helpValue: 'T'}),
    wait: Flags.boolean({summary: 'wait the five minutes in which entries may be late'}),
    'retention-days': Flags.integer({summary: "how long the tenant's plan keeps its log", min: 1, max: 3650, helpValue: 'N'}),
    also: Flags.string({
      summary: 'a trail or slice of somebody else of the team: their acts are known then; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FOLDER',
    }),
  }

  async run(): Promise<Reconciled> {
    const {flags} = await this.parse(AuditReconcile)
    this.watchInterrupts()
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const [{reconcileExit, reconcileNow}, {reconcileLines}] = await Promise.all([
      import('../../cli/reconcile.ts'),
      import('../../report/reconcile-lines.ts'),
    ])
    const question = {
      incident: flags.incident,
      since: flags.since,
      wait: flags.wait,
      retention_days: flags['retention-days'],
      also: flags.also,
    }
    const found = await patiently(
      "reading the tenant's log",
      reconcileNow(place, connected, question, await this.responder(false, connected), this.interruption),
    )
    process.exitCode = reconcileExit(found)
    await this.printWrapped(reconcileLines(found))
    return found
  }
}
