import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import type {Noted} from '../../cli/incident-notes.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

export default class IncidentNote extends TenantCommand {
  static override summary = "add your words to an incident's record"
  static override examples = [
    {
      description: 'what a person found out',
      command:
        '<%= config.bin %> incident note inc-20261122-k7m2xq --text "billing team deployed the new secret, seen in their log"',
    },
    {description: 'a call', command: '<%= config.bin %> incident note inc-20261122-k7m2xq --text "called the owner, no answer"'},
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }
  static override flags = {
    text: Flags.string({summary: 'the note; no secrets, it is kept for ever', helpValue: 'T'}),
  }

  async run(): Promise<Noted> {
    const {args, flags} = await this.parse(IncidentNote)
    const text = required(flags.text, 'text')
    const {noteOn} = await import('../../cli/incident-notes.ts')
    const noted = await noteOn(this.place(flags), args.id, text)
    this.print([
      `Noted in ${noted.simulated ? 'SIMULATED' : 'REAL'} incident ${noted.incident_id}; the trail has ${noted.records} records.`,
    ])
    return noted
  }
}
