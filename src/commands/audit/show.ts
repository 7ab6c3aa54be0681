import * as Flags from '@oclif/core/flags'

import {TenantCommand} from '../../cli/tenant-command.ts'
import {StanchError} from '../../errors.ts'
import type {StoredRecord} from '../../trail/format/record.ts'

export default class AuditShow extends TenantCommand {
  static override summary = "the records of this machine's audit trail"
  static override description = `Shows the real trail, or with --simulated that of drills. With --incident the trail is the one that the incident is in.
It does not verify: that is stanch audit verify. Changes nothing. With --follow it goes on with what is appended, until Ctrl-C.`
  static override examples = [
    {
      description: 'one incident from start to end',
      command: '<%= config.bin %> audit show --incident inc-20261122-k7m2xq',
    },
    {
      description: 'what was sent in the last two hours',
      command: '<%= config.bin %> audit show --kind intent --since 2h',
    },
  ]
  static override flags = {
    incident: Flags.string({summary: 'only this incident', helpValue: 'ID'}),
    kind: Flags.string({
      summary: 'only records of this kind: intent, outcome, observe, decision, ...',
      helpValue: 'K',
    }),
    since: Flags.string({summary: 'only from then on: RFC 3339, or 2h, 30m', helpValue: 'T'}),
    until: Flags.string({summary: 'only up to then', helpValue: 'T'}),
    follow: Flags.boolean({summary: 'go on with what is appended, until Ctrl-C'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<readonly StoredRecord[]> {
    const {flags} = await this.parse(AuditShow)
    if (flags.follow && this.jsonEnabled()) {
      throw new StanchError('usage.invalid', 'One JSON document has an end, and following has none.', {
        hint: 'Use: stanch audit export --format jsonl --follow',
      })
    }
    const [{noTrailLines, trailQuestion, trailRecords, trailStream}, {recordLines, WHOLE_LINES}] = await Promise.all([
      import('../../cli/trail-records.ts'),
      import('../../report/audit-lines.ts'),
    ])
    const question = trailQuestion(this.place(flags), flags)
    const {folder, mode} = question
    const none = noTrailLines(this.place(flags), mode)
    if (none && !flags.follow) {
      for (const line of none) this.say(line)
      return []
    }
    this.say(
      `${mode === 'sim' ? 'SIMULATED' : 'REAL'} trail in ${folder}; not verified here: stanch audit verify${mode === 'sim' ? ' --simulated' : ''}`,
    )
    const width = process.stdout.isTTY ? Math.max(40, process.stdout.columns) - 1 : WHOLE_LINES
    if (!flags.follow) {
      const shown: StoredRecord[] = []
      for (const record of trailRecords(question)) {
        if (this.jsonEnabled()) shown.push(record)
        else this.print(recordLines(record, mode, width))
      }
      return shown
    }
    const {stopSignal, stdoutSink} = await import('../../cli/streaming.ts')
    const stop = stopSignal()
    this.closeAfterwards(() => stop.release())
    const stdout = stdoutSink()
    for await (const one of trailStream(folder, {follow: true, signal: stop.signal})) {
      if (!one || !question.matches(one.record)) continue
      if (!(await stdout.write(`${recordLines(one.record, mode, width).join('\n')}\n`))) break
    }
    return []
  }
}
