import * as Args from '@oclif/core/args'

import {connectionFlags, deliverFlags, incidentFlags, notifyFlags, proofFlags} from '../cli/flags.ts'
import {IncidentCommand} from '../cli/incident-command.ts'
import {runIncident} from '../cli/incident-session.ts'
import {openTrail} from '../cli/context.ts'
import {leakedParts} from '../cli/leaked-value.ts'
import {DEFAULT_CHOICES} from '../incident/policy.ts'
import {StanchError} from '../errors.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {Plan} from '../incident/plan.ts'
import {tookEffect} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'

/** Will going on rotate? It will not where a rotation took effect: its secret then goes to the sink given, else into a 0600 file. */
function rotationAhead(plan: Plan, state: IncidentState): boolean {
  const rotated = state.operations.some(
    (one) => (one.action === 'client_secret.rotate' || one.action === 'client_secret.set') && tookEffect(one),
  )
  return !rotated && plan.steps.some((step) => step.action === 'secret.deliver')
}

export default class Resume extends IncidentCommand {
  static override summary = 'settle what is in doubt by looking, then go on'
  static override description = `Goes on where an incident stopped: after a crash, a lost answer, Ctrl-C or a full disk. Nothing is repeated blindly.
Without an id it takes the only unfinished incident; with several it lists them.`
  static override examples = [
    {description: 'the only unfinished incident', command: '<%= config.bin %> resume'},
    {
      description: 'with the leaked value, so that its refusal can be proven',
      command: '<%= config.bin %> resume inc-20261122-abc234 --credential-file leaked.txt --yes',
    },
  ]
  static override args = {id: Args.string({description: 'incident id', ignoreStdin: true})}
  static override flags = {
    ...connectionFlags,
    ...deliverFlags,
    ...notifyFlags,
    since: incidentFlags.since,
    yes: incidentFlags.yes,
    'max-actions': incidentFlags['max-actions'],
    'include-own': incidentFlags['include-own'],
    'credential-file': proofFlags['credential-file'],
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Resume)
    const attended = this.isAttended(flags)
    const sink = this.sinkOf(flags, attended)
    const leaked = await this.leakedFrom(flags)
    this.watchInterrupts()
    const place = this.place(flags)
    const connected = await this.connectTo(place, flags)
    const {plannedAudiences} = await import('../execution/exposed-audiences.ts')
    const {incidentState, planOf, unfinishedIncident} = await import('../execution/incident.ts')
    const trail = await openTrail(place, connected.mode)
    const {state, plan} = (() => {
      try {
        const found = args.id === undefined ? unfinishedIncident(trail) : incidentState(trail, args.id)
        return {state: found, plan: planOf(trail, found)}
      } finally {
        trail.close('read')
      }
    })()
    this.incidentId = state.incident_id
    if (!attended && sink === undefined && rotationAhead(plan, state)) {
      throw new StanchError(
        'usage.missing_sink',
        'A rotation is still ahead, and where its new secret goes is not known here. Nothing was sent.',
        {
          hint: `Say it again: stanch resume ${state.incident_id} --deliver SINK`,
        },
      )
    }
    const showOnTerminal = await this.showOnTerminal()
    const worked = await runIncident({
      // A plan that was confirmed once is gone on with; one that never was is asked about.
      ...(await this.workOn({...flags, incident: state.incident_id}, attended, place, connected)),
      leak: plan.leak satisfies LeakKind,
      client_id: plan.client_id,
      choices: {...DEFAULT_CHOICES, keep_grants: !plan.steps.some((step) => step.action === 'client_grant.delete')},
      ...(await leakedParts(connected, plan.leak, plan.client_id, leaked)),
      ...(sink ? {sink} : {}),
      ...(showOnTerminal ? {showOnTerminal} : {}),
      fixed: true,
      resumes: true,
      audiences: plannedAudiences(plan),
      state,
      plan: () => plan,
    })
    await this.show(worked, attended)
  }
}
