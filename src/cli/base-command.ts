import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'

import {StanchError} from '../errors.ts'
import type {LogLevel} from '../logger.ts'
import {scrub} from '../secret.ts'
import {safeJson} from '../untrusted.ts'
import {reportLines, reportOf} from './error-report.ts'

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const satisfies readonly LogLevel[]

/** What every command has: one JSON document or lines on stdout, everything else on stderr, errors with code and exit status. */
export abstract class StanchCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    'log-level': Flags.option({
      options: LOG_LEVELS,
      default: 'silent' as const,
      helpGroup: 'GLOBAL',
      summary: 'diagnostics on standard error',
    })(),
  }

  /** Set as soon as an incident is opened, so that an error can name it. */
  protected incidentId: string | undefined

  /** oclif also turns JSON on by an environment variable; here only the flag does. */
  override jsonEnabled(): boolean {
    const end = this.argv.indexOf('--')
    return (end === -1 ? this.argv : this.argv.slice(0, end)).includes('--json')
  }

  /** One JSON document; characters that a terminal would obey are escapes inside strings. */
  protected override logJson(json: unknown): void {
    process.stdout.write(`${safeJson(json, 2)}\n`)
  }

  /** Lines for people, on stdout unless --json asks for a document. Foreign text in them is printable already. */
  protected print(lines: readonly string[]): void {
    if (this.jsonEnabled()) return
    for (const line of lines) process.stdout.write(`${line}\n`)
  }

  protected say(line: string): void {
    process.stderr.write(`${line}\n`)
  }

  /** As `say`, broken at blanks where stderr is a terminal. */
  protected async sayWrapped(lines: readonly string[]): Promise<void> {
    if (!process.stderr.isTTY) return lines.forEach((line) => this.say(line))
    const {breakAtBlanks} = await import('../terminal/screen.ts')
    for (const line of lines.flatMap((one) => breakAtBlanks(one, process.stderr.columns))) this.say(line)
  }

  /** oclif would spread every property of an error into the JSON and print causes: only the named fields go out. */
  protected override async catch(error: unknown): Promise<void> {
    if ((error as {code?: unknown}).code === 'EEXIT') throw error
    const report = reportOf(error, this.incidentId, this.id?.replaceAll(':', ' '))
    process.exitCode = report.exit
    if (this.jsonEnabled()) this.logJson({error: report})
    else await this.sayWrapped(reportLines(report))
    if (report.code === 'internal' && (this.argv.includes('trace') || this.argv.includes('debug'))) await this.#explain(error)
  }

  /** Where a defect sits, for a report: function names and lines of our own files, no message, no values. */
  async #explain(error: unknown): Promise<void> {
    const frames = String((error as Error | undefined)?.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
    for (const frame of frames) this.say(scrub(frame))
  }
}

/** Refuses with `usage.missing_flag`, naming the flag. */
export function required<T>(value: T | undefined, flag: string): T {
  if (value === undefined)
    throw new StanchError('usage.missing_flag', `--${flag} is needed here.`, {hint: 'See the command with --help.'})
  return value
}
