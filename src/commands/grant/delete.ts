import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {choiceFlags, clientFlag, connectionFlags, incidentFlags, leakFlag, notifyFlags, proofFlags} from '../../cli/flags.ts'
import {IncidentCommand} from '../../cli/incident-command.ts'
import {leakedParts} from '../../cli/leaked-value.ts'
import {runIncident} from '../../cli/incident-session.ts'
import {deleteGrantsPlan} from '../../cli/plans.ts'
import {StanchError} from '../../errors.ts'

export default class GrantDelete extends IncidentCommand {
  static override summary = 'stop a client from getting new tokens for an API; keeps a snapshot'
  static override description = `Deletes client grants, so that no new token is issued. Tokens that were issued before live until their exp.
Every grant is saved first and can be given back with: stanch grant restore.`
  static override examples = [
    {
      description: 'one grant',
      command: '<%= config.bin %> grant delete --client A1b2C3 --grant cgr_1 --reason "secret in a public repository" --yes',
    },
    {description: 'all of them, look first', command: '<%= config.bin %> grant delete --client A1b2C3 --all --dry-run'},
  ]
  static override flags = {
    ...connectionFlags,
    client: clientFlag,
    grant: Flags.string({summary: 'this grant', helpValue: 'ID', exclusive: ['audience', 'all']}),
    audience: Flags.string({summary: 'the grant on this API', helpValue: 'A', exclusive: ['grant', 'all']}),
    all: Flags.boolean({summary: 'all grants of the client', exclusive: ['grant', 'audience']}),
    leak: leakFlag({default: 'unknown' as const}),
    ...incidentFlags,
    ...notifyFlags,
    'include-user-grants': choiceFlags['include-user-grants'],
    ...proofFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(GrantDelete)
    const client = required(flags.client, 'client')
    if (flags.grant === undefined && flags.audience === undefined && !flags.all) {
      throw new StanchError('usage.missing_flag', 'Say which grants: --grant ID, --audience A or --all.')
    }
    const attended = this.isAttended(flags)
    if (!attended) this.checkUnattended(flags, {sink: false})
    const leaked = await this.leakedFrom(flags)
    this.watchInterrupts()
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const choices = this.choicesOf({...flags, 'no-rotate': true})
    const worked = await runIncident({
      ...(await this.workOn(flags, attended, place, connected)),
      leak: flags.leak,
      client_id: client,
      choices,
      ...(await leakedParts(connected, flags.leak, client, leaked)),
      plan: (facts) => {
        const choice = {
          ...(flags.grant === undefined ? {} : {grant: flags.grant}),
          ...(flags.audience === undefined ? {} : {audience: flags.audience}),
          all: flags.all,
        }
        return deleteGrantsPlan(choice, flags.leak, facts, choices)
      },
    })
    await this.show(worked, attended)
  }
}
