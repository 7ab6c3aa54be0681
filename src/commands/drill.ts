import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {IncidentCommand} from '../cli/incident-command.ts'
import {startDrill} from '../cli/drill.ts'
import {notifyFlags} from '../cli/flags.ts'
import type {Drill, DrillResult} from '../cli/drill.ts'

export default class DrillCommand extends IncidentCommand {
  static override summary = 'practise an incident on the embedded tenant, with a score card'
  static override description = `Starts a simulated Auth0 tenant on loopback, with somebody who already uses what leaked, and works the incident on it.
No account and no network is needed. With --yes nobody is asked; without it the guided flow runs in this terminal.`
  static override examples = [
    {description: 'watch a leaked client secret being contained', command: '<%= config.bin %> drill --yes'},
    {
      description: 'an attacker who stays: what the hunt finds of him',
      command: '<%= config.bin %> drill secret-in-repository --yes',
    },
    {
      description: "the same, with a score card for the auditor's folder",
      command: '<%= config.bin %> drill --yes --report drill.html',
    },
    {description: 'practise a leaked Management API token by hand', command: '<%= config.bin %> drill management-token'},
  ]
  static override args = {
    scenario: Args.string({
      description:
        'what happened: client-secret, management-token, user-grant, third-party-default, private-key, missing-scope; with a history to hunt in: secret-in-repository, explorer-token, whose-secret, partner, false-alarm',
      default: 'client-secret',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    yes: Flags.boolean({char: 'y', summary: 'carry the plan out; nobody is asked'}),
    'dry-run': Flags.boolean({summary: 'show the plan only'}),
    report: Flags.string({
      summary: 'a new file for the score card: .html, .json or .md, without personal data',
      helpValue: 'FILE',
    }),
    ...notifyFlags,
    seed: Flags.integer({summary: 'same seed, same tenant', min: 0, max: 2_147_483_647}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(DrillCommand)
    this.watchInterrupts()
    const attended = this.isAttended(flags)
    if (flags.report !== undefined) {
      const {refuseScoreFile} = await import('../cli/score-card.ts')
      refuseScoreFile(flags.report)
    }
    const drill = await startDrill(this.place(flags), args.scenario, flags.seed)
    try {
      const worked = await drill.work({
        attended,
        dry_run: flags['dry-run'],
        notify: flags.notify,
        interruption: this.interruption,
        say: (line) => this.sayWrapped([line]),
        responder: (connected) => this.responder(attended, connected, flags.yes || !attended ? {'plan.confirm': 'yes'} : {}),
        onIncident: (id) => (this.incidentId = id),
      })
      drill.aftermath()
      await drill.hunt(worked.result.incident_id)
      const {file, lines} = await this.#scoreCard(flags, worked.result.incident_id, drill)
      const result: DrillResult = {...worked.result, score: drill.score(), ...(file === undefined ? {} : {score_card: file})}
      const score = [...drill.scoreLines(), ...lines, ...(file === undefined ? [] : [`  score card: ${file}`])]
      await this.show({...worked, result}, attended, score.length + 2)
      await this.printWrapped(['', ...score, ...standingLines(result)])
    } finally {
      await drill.stop()
    }
  }

  async #scoreCard(
    flags: {readonly report?: string | undefined; readonly 'log-level'?: string | undefined},
    incident: string | undefined,
    drill: Drill,
  ): Promise<{file?: string; lines: string[]}> {
    if (incident === undefined) return {lines: []}
    const [{scoreCardOf, writeScoreCard}, {cardLines}] = await Promise.all([
      import('../cli/score-card.ts'),
      import('../report/score-card.ts'),
    ])
    const place = this.place(flags)
    const card = scoreCardOf(place, incident, drill.scoreFacts())
    return {lines: cardLines(card), ...(flags.report === undefined ? {} : {file: writeScoreCard(place, card, flags.report)})}
  }
}

/** Below the card, which may have pushed the last screen up: where the incident stands, and what is next. */
function standingLines({incident_id, status, exposure: {all_clear: clear}}: DrillResult): string[] {
  if (incident_id === undefined) return []
  const until = clear.state === 'clear' ? 'all clear' : `all clear not before ${clear.worst_case_at}`
  return [`Where it stands: ${status.toUpperCase()}; ${until}; next: stanch incident show ${incident_id}`]
}
