import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import type {Place} from '../cli/context.ts'
import {connectionFlags, deliverFlags, incidentFlags, notifyFlags, proofFlags} from '../cli/flags.ts'
import {IncidentCommand} from '../cli/incident-command.ts'
import {runIncident} from '../cli/incident-session.ts'
import {leakedParts} from '../cli/leaked-value.ts'
import {StanchError} from '../errors.ts'
import {planHash} from '../incident/plan.ts'
import {DEFAULT_CHOICES, isChange} from '../incident/policy.ts'

export default class Execute extends IncidentCommand {
  static override summary = 'carry out exactly a plan that was written and reviewed'
  static override description =
    'Stops before anything is changed when the tenant is no longer as the plan expects, or when the hash is another one.'
  static override examples = [
    {
      description: 'with the hash that was approved',
      command:
        '<%= config.bin %> execute plan.json --plan-hash 5f70bf18... --deliver file:/run/secrets/new --reason "leaked" --yes',
    },
    {description: 'look at it once more', command: '<%= config.bin %> execute plan.json --dry-run'},
  ]
  static override args = {file: Args.string({description: 'the plan file', required: true, ignoreStdin: true})}
  static override flags = {
    ...connectionFlags,
    'plan-hash': Flags.string({summary: 'refuse any other plan', helpValue: 'H'}),
    'require-approval': Flags.string({
      summary: 'send nothing unless the holder of this key approved the plan',
      helpValue: 'VKEY',
    }),
    approval: Flags.string({
      summary: 'the approval line that they sent, in a file',
      helpValue: 'FILE',
      dependsOn: ['require-approval'],
    }),
    ...deliverFlags,
    ...incidentFlags,
    ...notifyFlags,
    'credential-file': proofFlags['credential-file'],
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Execute)
    const {readPlanFile} = await import('../cli/plan-io.ts')
    const plan = readPlanFile(args.file)
    if (flags['plan-hash'] !== undefined && flags['plan-hash'] !== planHash(plan)) {
      throw new StanchError(
        'plan.hash_mismatch',
        `This plan has the hash ${planHash(plan)}, not the one you gave. Nothing was sent.`,
        {hint: 'Look at the plan again before you approve it.'},
      )
    }
    const place = this.place(flags)
    const approval = await this.#approvalOf(place, planHash(plan), flags)
    const attended = this.isAttended(flags)
    const rotates = plan.steps.some((step) => step.action === 'secret.deliver')
    if (!attended) this.checkUnattended(flags, {sink: rotates})
    const sink = this.sinkOf(flags, attended)
    const leaked = await this.leakedFrom(flags)
    this.watchInterrupts()
    const connected = await this.connectTo(place, flags)
    const {plannedAudiences} = await import('../execution/exposed-audiences.ts')
    const showOnTerminal = await this.showOnTerminal()
    const worked = await runIncident({
      ...(await this.workOn(flags, attended, place, connected)),
      leak: plan.leak,
      client_id: plan.client_id,
      choices: {
        ...DEFAULT_CHOICES,
        keep_grants: !plan.steps.some((step) => step.action === 'client_grant.delete'),
        rotate: rotates && plan.steps.some(isChange),
      },
      ...(await leakedParts(connected, plan.leak, plan.client_id, leaked)),
      ...(sink ? {sink} : {}),
      ...(showOnTerminal ? {showOnTerminal} : {}),
      fixed: true,
      ...(approval ? {approval} : {}),
      audiences: plannedAudiences(plan),
      plan: () => plan,
    })
    await this.show(worked, attended)
  }
  async #approvalOf(
    place: Place,
    plan_sha256: string,
    flags: {incident?: string | undefined; 'require-approval'?: string | undefined; approval?: string | undefined},
  ) {
    const vkey = flags['require-approval']
    if (vkey === undefined) return undefined
    const {requireApproval} = await import('../cli/approve.ts')
    return requireApproval(place, {vkey, plan_sha256, incident: flags.incident, file: flags.approval})
  }
}
