import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {connectionFlags, incidentFlags} from '../../cli/flags.ts'
import {IncidentCommand} from '../../cli/incident-command.ts'
import {restoreIncident} from '../../cli/restore.ts'

/** Nothing is saved before a restore: the incident has its log. */
const {since: _since, ...restoreFlags} = incidentFlags

export default class GrantRestore extends IncidentCommand {
  static override summary = 'give back exactly the client grants that an incident took'
  static override description = `Custom APIs first, the Management API last. The grant gets a new id; organisation ties are made again.
While an issued token could still undo the containment, this needs --restore-before-all-clear.
Grants that were made or changed since the leak may be the attacker's: they are named and left out without --include-grant.`
  static override examples = [
    {
      description: 'look at what would be given back',
      command: '<%= config.bin %> grant restore --incident inc-20261122-abc234 --dry-run',
    },
    {
      description: 'give it back unattended',
      command: '<%= config.bin %> grant restore --incident inc-20261122-abc234 --reason "new secret deployed" --yes',
    },
  ]
  static override flags = {
    ...connectionFlags,
    ...restoreFlags,
    'include-grant': Flags.string({
      summary: 'give this grant back although it was made or changed since the leak',
      helpValue: 'GRANT',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'restore-before-all-clear': Flags.boolean({summary: 'although an issued token could still undo the containment'}),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(GrantRestore)
    const incident = required(flags.incident, 'incident')
    const attended = this.isAttended(flags)
    if (!attended) this.checkUnattended(flags, {sink: false, reason: false})
    this.watchInterrupts()
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const worked = await restoreIncident({
      ...(await this.workOn(flags, attended, place, connected)),
      incident,
      beforeAllClear: flags['restore-before-all-clear'],
      include: flags['include-grant'] ?? [],
    })
    await this.show(worked, attended)
  }
}
