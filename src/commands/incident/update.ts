import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {incidentFlags, instant} from '../../cli/flags.ts'
import type {Noted} from '../../cli/incident-notes.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

export default class IncidentUpdate extends TenantCommand {
  static override summary = 'record what was learned later, and sign off steps for people'
  static override examples = [
    {
      description: 'the ticket and the time of the leak',
      command: '<%= config.bin %> incident update inc-20261122-k7m2xq --ticket SEC-42 --leaked-at 2026-11-22T01:10:00Z',
    },
    {
      description: 'somebody did a step by hand',
      command: '<%= config.bin %> incident update inc-20261122-k7m2xq --done tell-owner',
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }
  static override flags = {
    ticket: incidentFlags.ticket,
    'aware-at': incidentFlags['aware-at'],
    'leaked-at': incidentFlags['leaked-at'],
    'major-at': instant({summary: 'when it was classified as a major incident (DORA)', helpValue: 'WHEN'}),
    'material-at': instant({summary: 'when it was judged to be material (SEC)', helpValue: 'WHEN'}),
    title: Flags.string({summary: 'what the incident is called', helpValue: 'TEXT'}),
    done: Flags.string({
      summary: 'this step for people, or this thing that a hunt found (hunt.ID), is done; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'STEP',
    }),
  }

  async run(): Promise<Noted> {
    const {args, flags} = await this.parse(IncidentUpdate)
    const {learn} = await import('../../cli/incident-notes.ts')
    const noted = await learn(this.place(flags), args.id, {
      ticket: flags.ticket,
      aware_at: flags['aware-at'],
      leaked_at: flags['leaked-at'],
      major_at: flags['major-at'],
      material_at: flags['material-at'],
      title: flags.title,
      done: flags.done,
    })
    this.print([
      `Recorded in ${noted.simulated ? 'SIMULATED' : 'REAL'} incident ${noted.incident_id}; the trail has ${noted.records} records.`,
    ])
    return noted
  }
}
