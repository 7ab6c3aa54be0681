import * as Flags from '@oclif/core/flags'

import type {Anchored} from '../../cli/anchor.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

export default class AuditAnchor extends TenantCommand {
  static override summary = 'put a checkpoint of the trail outside this machine, and record where'
  static override description = `Whoever owns this machine could put back an older state of the trail, or rewrite its newest part. A copy of the checkpoint
elsewhere shows it. Without a reference the three lines to post are printed. Time stamps (RFC 3161) are verified by openssl.`
  static override examples = [
    {
      description: 'the three lines of 120 records, printed before, were posted',
      command: '<%= config.bin %> audit anchor --ref "SEC-42, comment 7" --size 120',
    },
    {
      description: 'post them to a channel whose webhook address is in a variable',
      command: '<%= config.bin %> audit anchor --webhook env:INCIDENT_CHANNEL --incident inc-20261122-abc123',
    },
    {
      description: 'a time stamp by a third party',
      command: '<%= config.bin %> audit anchor --type rfc3161 --url http://timestamp.example/ --ca tsa-roots.pem',
    },
  ]
  static override flags = {
    type: Flags.option({
      options: ['chat', 'siem', 'store', 'rfc3161'] as const,
      default: 'chat' as const,
      summary: 'what holds it',
    })(),
    ref: Flags.string({summary: 'where it was posted: a link, a ticket, words', helpValue: 'TEXT', exclusive: ['exec']}),
    size: Flags.integer({
      summary: 'with --ref: the second of the posted lines; by default the newest state, whose lines are printed',
      helpValue: 'N',
      min: 1,
      dependsOn: ['ref'],
    }),
    exec: Flags.string({
      summary: 'a command that takes it on standard input and prints the reference, or the time stamp',
      helpValue: 'COMMAND',
    }),
    webhook: Flags.string({
      summary: 'post it as {"text": ...} to the address that env:NAME, file:/PATH or exec:COMMAND holds',
      helpValue: 'REF',
      exclusive: ['ref', 'exec'],
    }),
    tiles: Flags.string({
      summary: 'write the whole trail as C2SP tiles into this folder, a store that refuses what does not continue it',
      helpValue: 'FOLDER',
      exclusive: ['ref', 'exec', 'webhook', 'url', 'request-out', 'response'],
    }),
    url: Flags.string({summary: 'the time-stamping authority', helpValue: 'URL'}),
    'request-out': Flags.string({summary: 'write the time-stamp request here, to be carried elsewhere', helpValue: 'FILE'}),
    response: Flags.string({summary: 'the time stamp that came back', helpValue: 'FILE'}),
    ca: Flags.string({summary: 'certificates that a time stamp must lead to (PEM)', helpValue: 'FILE'}),
    incident: Flags.string({summary: 'record it in this incident', helpValue: 'ID'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<Anchored> {
    const {flags} = await this.parse(AuditAnchor)
    const {anchorTrail} = await import('../../cli/anchor.ts')
    const {'request-out': request_out, ...rest} = flags
    const anchored = await anchorTrail(this.place(flags), {...rest, request_out})
    if (anchored.status === 'to_post') {
      const where = `${flags.incident === undefined ? '' : ` --incident ${flags.incident}`}${flags.simulated ? ' --simulated' : ''}`
      this.print(anchored.body.trimEnd().split('\n'))
      this.say(
        anchored.type === 'rfc3161'
          ? `The request is in ${request_out ?? ''}. When the answer is there: stanch audit anchor --type rfc3161 --response FILE --ca FILE${where}`
          : `Post these three lines where others keep them, then: stanch audit anchor --ref WHERE --size ${anchored.size}${where}`,
      )
    } else {
      this.print([
        `Recorded: ${anchored.size} records of ${anchored.origin} are anchored (${anchored.type}): ${anchored.receipt ?? ''}`,
      ])
      if (flags.ref !== undefined && flags.size === undefined) {
        this.print(anchored.body.trimEnd().split('\n'))
        this.say('These three lines must stand there. If others do: --size says which.')
      }
    }
    return anchored
  }
}
