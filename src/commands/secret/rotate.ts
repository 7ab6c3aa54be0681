import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {clientFlag, connectionFlags, deliverFlags, incidentFlags, leakFlag, notifyFlags, proofFlags} from '../../cli/flags.ts'
import {IncidentCommand} from '../../cli/incident-command.ts'
import {leakedParts} from '../../cli/leaked-value.ts'
import {runIncident} from '../../cli/incident-session.ts'
import {rotatePlan} from '../../cli/plans.ts'

export default class SecretRotate extends IncidentCommand {
  static override summary = "rotate a client's secret and hand the new one over safely"
  static override description = `The old secret dies within 30 seconds; tokens that were issued with it live until their exp.
--method set makes the new secret here, seals it on this machine first and sets it: safe to repeat when an answer is lost.`
  static override examples = [
    {
      description: 'into a file that only you can read',
      command: '<%= config.bin %> secret rotate --client A1b2C3 --deliver file:/run/secrets/new --reason "leaked" --yes',
    },
    {
      description: 'straight into Vault',
      command: `<%= config.bin %> secret rotate --client A1b2C3 --deliver "exec:vault kv put secret/app client_secret=-" --reason "leaked" --yes`,
    },
  ]
  static override flags = {
    ...connectionFlags,
    client: clientFlag,
    method: Flags.option({
      options: ['rotate', 'set'] as const,
      default: 'rotate' as const,
      summary: 'the rotate endpoint, or a self-made secret',
    })(),
    leak: leakFlag({default: 'client-secret' as const}),
    ...deliverFlags,
    ...incidentFlags,
    ...notifyFlags,
    ...proofFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(SecretRotate)
    const client = required(flags.client, 'client')
    const attended = this.isAttended(flags)
    if (!attended) this.checkUnattended(flags, {sink: true})
    const sink = this.sinkOf(flags, attended)
    const leaked = await this.leakedFrom(flags)
    this.watchInterrupts()
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const choices = this.choicesOf(flags)
    const showOnTerminal = await this.showOnTerminal()
    const worked = await runIncident({
      ...(await this.workOn(flags, attended, place, connected)),
      leak: flags.leak,
      client_id: client,
      choices,
      ...(await leakedParts(connected, flags.leak, client, leaked)),
      ...(sink ? {sink} : {}),
      ...(showOnTerminal ? {showOnTerminal} : {}),
      plan: (facts) => rotatePlan(flags.leak, facts, choices),
    })
    await this.show(worked, attended)
  }
}
