import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import type {Exported} from '../../cli/export.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'

const FORMATS = ['ocsf', 'ecs', 'cef', 'csv', 'jsonl'] as const

export default class AuditExport extends TenantCommand {
  static override summary = 'the trail for a SIEM or a spreadsheet: OCSF, ECS, CEF, CSV or JSON lines'
  static override description = `Every event carries the log's origin, the record's number and its leaf hash: a copy that a SIEM holds shows later whether
the trail was changed. ocsf is version 1.8 (Remediation Activity 7001 for acts, Incident Finding 2005 for the rest of an
incident) and leaves out records of no incident. A file that is written for an incident gets an export record in the
trail: who got what, with its SHA-256. What goes to standard output gets none.
With --follow it goes on with what is appended, until Ctrl-C.
Every command that writes records also copies them on the way, byte for byte, where the environment says so: to a file
(STANCH_COPY_FILE=/PATH) and to a collector of lines (STANCH_COPY_TO=tls://HOST:PORT, or tcp://127.0.0.1:PORT). A copy
that fails never stops an incident; what is known not to have got through is said at the end.
A collector answers nothing: whether it kept what it took, only the collector can say.`
  static override examples = [
    {
      description: 'one incident for the SIEM, with a record of who got it',
      command:
        '<%= config.bin %> audit export --format ocsf --incident inc-20261122-k7m2xq -o incident.ndjson --to "soc@acme.example"',
    },
    {
      description: 'everything from now on, to a forwarder',
      command: '<%= config.bin %> audit export --format cef --since now --follow | nc 127.0.0.1 5140',
    },
  ]
  static override flags = {
    format: Flags.option({options: FORMATS, summary: 'form of the events'})(),
    incident: Flags.string({summary: 'only this incident', helpValue: 'ID'}),
    kind: Flags.string({summary: 'only records of this kind: intent, outcome, observe, decision, ...', helpValue: 'K'}),
    since: Flags.string({summary: 'only from then on: RFC 3339, or 2h, 30m, now', helpValue: 'T'}),
    until: Flags.string({summary: 'only up to then', helpValue: 'T'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
    follow: Flags.boolean({summary: 'go on with what is appended, until Ctrl-C'}),
    output: Flags.string({char: 'o', summary: 'a new file, 0600; standard output otherwise', helpValue: 'FILE'}),
    to: Flags.string({summary: 'who gets the file; goes into the trail', helpValue: 'WHO', dependsOn: ['output', 'incident']}),
  }

  async run(): Promise<Exported> {
    const {flags} = await this.parse(AuditExport)
    const format = required(flags.format, 'format')
    if (this.jsonEnabled()) required(flags.output, 'output')
    const [{exportTrail}, {noTrailLines}, {stopSignal, stdoutSink, exportSummary}, {smallYoungGeneration}] = await Promise.all([
      import('../../cli/export.ts'),
      import('../../cli/trail-records.ts'),
      import('../../cli/streaming.ts'),
      import('../../cli/young-generation.ts'),
    ])
    smallYoungGeneration()
    const stop = stopSignal()
    this.closeAfterwards(() => stop.release())
    const exported = await exportTrail(this.place(flags), {...flags, format}, stdoutSink(), stop.signal)
    if (!exported.complete && stop.signal.aborted) process.exitCode = 130
    const none = noTrailLines(this.place(flags), exported.simulated ? 'sim' : 'real')
    for (const line of [...exportSummary(exported), ...(none ?? [])]) {
      if (exported.file === undefined) this.say(line)
      else this.print([line])
    }
    return exported
  }
}
