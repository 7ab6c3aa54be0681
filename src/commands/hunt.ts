import * as Flags from '@oclif/core/flags'

import {connectionFlags, clientFlag, incidentFlags, proofFlags} from '../cli/flags.ts'
import type {Hunted} from '../cli/hunt.ts'
import {IncidentCommand} from '../cli/incident-command.ts'
import type {TenantCommand} from '../cli/tenant-command.ts'
import {systemClock} from '../clock.ts'
import {isCode} from '../errors.ts'
import {pathsOf} from '../cli/context.ts'
import {patiently, sayIfLarge} from '../cli/patience.ts'

export default class HuntCommand extends IncidentCommand {
  static override summary = 'what was done with the credential: 31 questions to the tenant log, and what is left to remove'
  static override description = `Goes through the log that the incident saved and, with a connection, what arrived since; follows addresses, tools and
clients of the attacker until nothing new comes. Each finding has its log ids and a verdict: ours, expected, suspect, hostile
or unknown; what stays behind has the act that removes it. Sends GETs only; the result goes into the incident's record.`
  static override examples = [
    {
      description: 'after containment, the whole as JSON',
      command: '<%= config.bin %> hunt --incident inc-20261122-k7m2xq --json',
    },
    {
      description: 'a client without an incident; the office network is ours',
      command:
        '<%= config.bin %> hunt --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --leaked-at 2026-11-21T22:00:00Z --known 198.51.100.0/24',
    },
    {description: 'the questions as Sigma rules, for a SIEM', command: '<%= config.bin %> hunt --sigma ./sigma'},
  ]
  static override flags = {
    ...connectionFlags,
    incident: Flags.string({summary: 'the incident whose saved log is gone through', helpValue: 'ID'}),
    client: clientFlag,
    since: Flags.string({summary: 'only entries from then on: RFC 3339, or 2h, 30m', helpValue: 'T'}),
    'leaked-at': incidentFlags['leaked-at'],
    known: Flags.string({
      summary: 'an address or network of yours: what comes from there is expected; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'ADDRESS',
    }),
    'credential-file': proofFlags['credential-file'],
    sigma: Flags.string({
      summary: 'write the questions as Sigma rules, one file each, or all to standard output; hunts nothing',
      helpValue: 'DIR|-',
      exclusive: ['json'],
    }),
  }

  async run(): Promise<Hunted | void> {
    const {flags} = await this.parse(HuntCommand)
    if (flags.sigma !== undefined) {
      const {writeSigma} = await import('../cli/hunt-sigma.ts')
      const text = writeSigma(flags.sigma)
      process.stdout.write(text)
      return
    }
    const [{huntNow}, {huntParts, HUNT_SCREEN}] = await Promise.all([import('../cli/hunt.ts'), import('../report/hunt-lines.ts')])
    this.watchInterrupts()
    const leaked = await this.leakedFrom(flags)
    const place = this.place(flags)
    const connected = await this.#connection(place, flags)
    const paths = pathsOf(place)
    await sayIfLarge('going through the saved log', [paths.trail('real'), paths.trail('sim')], ['evidence'])
    const hunted = await patiently(
      "reading the tenant's log",
      huntNow(
        place,
        {
          question: {
            incident: flags.incident,
            client_id: flags.client,
            since: flags.since,
            leaked_at: flags['leaked-at'],
            leaked,
            known: flags.known ?? [],
          },
          responder: await this.responder(false, connected ?? {clock: systemClock}),
          interruption: this.interruption,
        },
        connected,
      ),
    )
    this.incidentId = hunted.incident_id
    const {rows, acts} = huntParts(hunted, hunted, process.stdout.isTTY ? HUNT_SCREEN : undefined)
    await this.printFitted(rows)
    await this.printWrapped(acts)
    return hunted
  }

  /** Without a connection the saved log is enough, where an incident is named. */
  async #connection(
    place: ReturnType<TenantCommand['place']>,
    flags: {incident?: string | undefined; profile?: string | undefined; proxy?: string | undefined},
  ) {
    try {
      return await this.connectTo(place, flags)
    } catch (error) {
      if (flags.incident === undefined || flags.profile !== undefined || !isCode(error, 'config.no_connection')) throw error
      this.say('No connection to the tenant: only the saved log is gone through.')
      return undefined
    }
  }
}
