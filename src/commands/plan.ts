import * as Flags from '@oclif/core/flags'

import {required} from '../cli/base-command.ts'
import {choiceFlags, clientFlag, connectionFlags, leakFlag, proofFlags} from '../cli/flags.ts'
import {IncidentCommand} from '../cli/incident-command.ts'
import {trustedToken} from '../cli/leaked-value.ts'
import {runbookFor} from '../cli/runbook-folder.ts'
import {planHash} from '../incident/plan.ts'
import type {Plan} from '../incident/plan.ts'

export default class PlanCommand extends IncidentCommand {
  static override summary = 'write a reviewable, hashed plan; only reads are sent'
  static override description =
    'The file holds the plan and its SHA-256. stanch execute carries out exactly that plan, or stops if the tenant has moved.'
  static override examples = [
    {
      description: 'for a leaked client secret',
      command: '<%= config.bin %> plan --leak client-secret --client A1b2C3 -o plan.json',
    },
    {
      description: 'with a runbook of your own',
      command: '<%= config.bin %> plan --leak client-secret --client A1b2C3 --runbook ./our-runbook.md -o plan.json',
    },
  ]
  static override flags = {
    ...connectionFlags,
    leak: leakFlag({required: true}),
    client: clientFlag,
    runbook: Flags.string({summary: 'a shipped runbook, or a path that contains a slash', helpValue: 'R'}),
    output: Flags.string({char: 'o', summary: 'file to write; left alone when it exists', helpValue: 'F'}),
    ...choiceFlags,
    method: Flags.option({
      options: ['rotate', 'set'] as const,
      default: 'rotate' as const,
      summary: 'the rotate endpoint, or a self-made secret',
    })(),
    ...proofFlags,
  }

  async run(): Promise<{plan_hash: string; plan: Plan; file?: string}> {
    const {flags} = await this.parse(PlanCommand)
    const client = required(flags.client, 'client')
    const leaked = flags.leak === 'management-token' ? await this.leakedFrom(flags) : undefined
    const place = this.place(flags)
    const runbook = await runbookFor(this.config.root, flags.leak, flags.runbook)
    const connected = await this.connectTo(place, flags)
    const token = await trustedToken(connected, client, leaked)
    const choices = this.choicesOf(flags)
    const [{observe}, {compilePlan}, {writePlanFile}, {planLines}] = await Promise.all([
      import('../execution/observe.ts'),
      import('../runbooks/compile.ts'),
      import('../cli/plan-io.ts'),
      import('../report/plan-screen.ts'),
    ])
    const snapshot = await observe(connected.tenant, client, connected.mode, connected.clock)
    const facts = {snapshot, ...(token ? {leaked_token: token} : {})}
    const plan = compilePlan(runbook, facts, choices)
    await this.closeAll()
    if (flags.output !== undefined) writePlanFile(flags.output, plan)
    this.print([
      ...planLines(plan, facts, choices),
      `Plan hash: ${planHash(plan)}`,
      ...(flags.output === undefined
        ? []
        : [`Written to ${flags.output}. Carry it out: stanch execute ${flags.output} --plan-hash ${planHash(plan)}`]),
    ])
    return {plan_hash: planHash(plan), plan, ...(flags.output === undefined ? {} : {file: flags.output})}
  }
}
