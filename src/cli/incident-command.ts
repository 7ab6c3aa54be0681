import type {InferredFlags} from '@oclif/core/interfaces'

import {parseSink} from '../delivery/sink.ts'
import type {Sink} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import type {Worked} from '../execution/incident.ts'
import type {Decision, Responder} from '../execution/responder.ts'
import type {PlanChoices} from '../incident/policy.ts'
import {DEFAULT_CHOICES} from '../incident/policy.ts'
import {detailLines, messageLines, nextLines, verdictLines} from '../report/summary.ts'
import {safeJson} from '../untrusted.ts'
import type {Connected, Place} from './context.ts'
import {reportLines, reportOf} from './error-report.ts'
import {exitOf} from './exit-codes.ts'
import type {choiceFlags, connectionFlags, deliverFlags, incidentFlags, notifyFlags, proofFlags} from './flags.ts'
import type {IncidentOptions} from './incident-job.ts'
import {TenantCommand} from './tenant-command.ts'

type FlagsOf<T> = Partial<InferredFlags<T & object>>
export type IncidentFlagValues = FlagsOf<typeof connectionFlags> &
  FlagsOf<typeof incidentFlags> &
  FlagsOf<typeof choiceFlags> &
  FlagsOf<typeof deliverFlags> &
  FlagsOf<typeof proofFlags> &
  FlagsOf<typeof notifyFlags> & {'log-level'?: string}

/** What the commands share that change a tenant: consent, interruption, the way results and errors are shown. */
export abstract class IncidentCommand extends TenantCommand {
  protected readonly interruption = {requested: false}

  /** Nobody is asked with --yes, with --json, and without a terminal. */
  protected isAttended(flags: {yes?: boolean | undefined}): boolean {
    return flags.yes !== true && !this.jsonEnabled() && process.stdin.isTTY === true && process.stderr.isTTY === true
  }

  /** Who pressed Ctrl-C before a question came is not asked it. */
  protected override async responder(
    attended: boolean,
    connected: Pick<Connected, 'clock'>,
    answers: Record<string, string> = {},
  ): Promise<Responder> {
    const responder = await super.responder(attended, connected, answers)
    if (!attended) return responder
    const decide = async (decision: Decision) => {
      if (this.interruption.requested)
        throw new StanchError('interrupted', 'Interrupted before a question; the question changed nothing.')
      return (responder.decide as (decision: Decision) => Promise<boolean | string>)(decision)
    }
    // the overloads of `decide` pair each kind with its answer, which a single arrow function can't say
    return {attended: responder.attended, decide: decide as Responder['decide'], notify: (event) => responder.notify(event)}
  }

  /** First Ctrl-C: the change under way is finished or settled. Second: leave now. */
  protected watchInterrupts(): void {
    let over = false
    const stop = (signal: NodeJS.Signals) => {
      // All is said and the process is about to end with its own status: one more Ctrl-C must not take that away.
      if (over) return
      if (this.interruption.requested) {
        this.say(`Left at once. What the last request did is not known: run stanch resume ${this.incidentId ?? ''}`)
        process.exit(130)
      }
      this.interruption.requested = true
      // A question holds the terminal in raw mode and would go on waiting: it is left the way Ctrl-C leaves it.
      if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.push('\u0003')
      if (signal !== 'SIGHUP')
        this.say(
          `Stopping after the change under way. ${this.incidentId ? `Go on with: stanch resume ${this.incidentId}. ` : ''}Again: leave at once.`,
        )
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    this.closeAfterwards(() => {
      over = true
    })
  }

  protected optionsOf(flags: IncidentFlagValues): IncidentOptions {
    return {
      incident: flags.incident,
      reason: flags.reason,
      ticket: flags.ticket,
      aware_at: flags['aware-at'],
      leaked_at: flags['leaked-at'],
      since: flags.since,
      dry_run: flags['dry-run'] ?? false,
      max_actions: flags['max-actions'] ?? 25,
      include_own: flags['include-own'] ?? false,
      notify: flags.notify,
    }
  }

  /** What all commands that change a tenant give to the work on an incident. */
  protected async workOn(flags: IncidentFlagValues, attended: boolean, place: Place, connected: Connected) {
    return {
      place,
      connected,
      responder: await this.responder(attended, connected, flags.yes ? {'plan.confirm': 'yes'} : {}),
      options: this.optionsOf(flags),
      interruption: this.interruption,
      onIncident: (id: string) => (this.incidentId = id),
    }
  }

  protected choicesOf(flags: IncidentFlagValues & {method?: string | undefined}): PlanChoices {
    return {
      ...DEFAULT_CHOICES,
      keep_grants: flags['keep-grants'] ?? false,
      rotate: !(flags['no-rotate'] ?? false),
      include_user_grants: flags['include-user-grants'] ?? false,
      method: flags.method === 'set' ? 'set' : 'rotate',
      verify_window_seconds: flags['verify-window'] ?? DEFAULT_CHOICES.verify_window_seconds,
    }
  }

  /** What the unattended road needs is asked for before anything is sent. */
  protected checkUnattended(flags: IncidentFlagValues, needs: {sink: boolean; reason?: boolean}): void {
    if (flags['keep-grants'] && flags['no-rotate']) {
      throw new StanchError('usage.invalid', '--keep-grants and --no-rotate together leave nothing to do. Nothing was sent.')
    }
    if (flags['dry-run']) return
    if (needs.reason !== false && flags.reason === undefined && flags.incident === undefined) {
      throw new StanchError('usage.missing_reason', 'Unattended, a reason is needed: it goes into the audit trail.', {
        hint: 'Add --reason TEXT.',
      })
    }
    if (!flags.yes)
      throw new StanchError('consent.missing', 'Nobody is there to confirm the plan. Nothing was sent.', {
        hint: 'Add --yes to carry it out, or --dry-run to look at it.',
      })
    if (needs.sink && flags.deliver === undefined) {
      throw new StanchError(
        'usage.missing_sink',
        'Unattended, a rotation needs to know where the new secret goes. Nothing was sent.',
        {
          hint: 'Add --deliver file:PATH, exec:COMMAND or sealed:PATH?to=KEYFILE.',
        },
      )
    }
  }

  protected sinkOf(flags: {deliver?: string | undefined}, attended: boolean): Sink | undefined {
    if (flags.deliver === undefined) return undefined
    const sink = parseSink(flags.deliver)
    if (sink.kind === 'prompt' && !attended) {
      throw new StanchError('usage.missing_sink', 'The prompt sink writes to a terminal, and there is none to write to.', {
        hint: 'Use file:, exec: or sealed:.',
      })
    }
    return sink
  }

  /** Shows the document or the last screen, and sets the exit status. `below`: rows that the caller will write under it. */
  protected async show(worked: Worked, attended: boolean, below = 0): Promise<void> {
    await this.closeAll()
    const {result} = worked
    const failure =
      worked.failure ??
      (this.interruption.requested
        ? new StanchError('interrupted', 'Interrupted: the change under way was finished, nothing more was begun.', {
            hint: `stanch resume ${result.incident_id ?? ''}`.trim(),
          })
        : undefined)
    const report = failure === undefined ? undefined : reportOf(failure, result.incident_id)
    process.exitCode = report?.exit ?? exitOf(result)
    if (this.jsonEnabled()) {
      process.stdout.write(`${safeJson(report ? {...result, error: report} : result, 2)}\n`)
      return
    }
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    const {lastScreen, layOut, LAST_ROWS} = await import('../terminal/screen.ts')
    const {columns} = process.stdout
    const acted = result.status !== 'declined' && result.status !== 'planned'
    // What is read once stands above; verdict, all clear and next stay on the screen.
    if (worked.screen) this.print(['', ...layOut(worked.screen, columns)])
    this.print(['', ...layOut(detailLines(result), columns)])
    if (attended && acted) {
      this.print([
        '',
        'A message for the ticket or the chat, without secrets:',
        ...layOut(
          messageLines(result).map((line) => `  ${line}`),
          columns,
        ),
      ])
    }
    const where = result.incident_id === undefined ? 'with --json' : `stanch incident show ${result.incident_id}`
    const room = Math.max(LAST_ROWS, (process.stdout.rows ?? 24) - 4) - below
    const rows = process.stdout.isTTY ? room : Number.POSITIVE_INFINITY
    this.print(['', ...lastScreen(verdictLines(result, zone), nextLines(result.next), rows, where, columns)])
    if (report) await this.sayWrapped(reportLines(report))
    this.say(`${result.simulated ? 'SIMULATED' : 'REAL'} tenant; exit ${process.exitCode}`)
  }
}
