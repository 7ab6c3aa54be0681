import type {LogEntry} from '../auth0/resources/log-entry.ts'
import {rfc3339} from '../clock.ts'
import {isCode, StanchError} from '../errors.ts'
import type {PlanStep} from '../incident/plan.ts'
import type {IncidentTrail} from './incident-trail.ts'
import {LogFacts, MOST_FACTS} from './log-facts.ts'
import {evidenceLine, putLines} from './log-lines.ts'
import {LOG_CAPS, LogSaver} from './log-saver.ts'
import {windowSince} from './log-window.ts'
import {beginStep, finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'
import {savedLog} from './saved-log.ts'
import {tenantNow} from './verify.ts'

type Step = PlanStep & {action: 'tenant_log.save'}

/**
 * Keeps the tenant's log as evidence, before anything is changed: what the first look found, then the whole window by
 * checkpoint, up to a cap after which containment goes ahead (`LOG_CAPS`). Personal data may be in it; tokens and secrets
 * are not, and what is shaped like one reads `[secret]`.
 */
export async function saveLog(run: Run, progress: Progress, step: Step): Promise<void> {
  beginStep(run, progress, step)
  const entries = progress.snapshot.log?.slice(0, step.args.entries)
  if (!entries) {
    run.capture?.stop()
    progress.gaps.push({
      code: 'log_not_saved',
      what: "the tenant's log",
      why: 'it could not be read (read:logs); on a free tenant it is gone after a day',
    })
    finishStep(run, progress, step, {
      outcome: 'refused',
      at: run.journal.now(),
      detail: 'the log cannot be read with this credential',
    })
    return
  }
  saveFound(run.journal, step.target, entries)
  const {journal} = run
  const since = windowSince(journal.trail, journal.incident, progress.log_since)
  journal.observe({
    action: 'tenant_log.window',
    finding: since === undefined ? 'everything that the tenant still has' : `from ${rfc3339(since)} on`,
    ...(since === undefined ? {} : {first_at: rfc3339(since)}),
  })
  const facts = new LogFacts(progress.plan.client_id)
  seeEarlier(run, progress, facts)
  const saver = new LogSaver(run, since, (found) => facts.see(found))
  progress.log = {saver, facts}
  await saver.save('before')
  adopt(progress)
  if (saver.caughtUp) {
    finishStep(run, progress, step, {
      outcome: 'done',
      at: journal.now(),
      detail: `${saver.entries} entries${since === undefined ? ': all that the tenant has' : ` since ${rfc3339(since)}`}`,
    })
    return
  }
  const why = stopWords(saver.stoppedBy, run)
  progress.gaps.push({
    code: 'log_saved_after_change',
    what: `the tenant log after ${saver.until ?? 'the newest 1,000 entries of this client'}`,
    why: `before the first change it was saved only up to there: ${why}. What was deleted or expired since then is missing`,
  })
  finishStep(run, progress, step, {outcome: 'done', at: journal.now(), detail: `${saver.entries} entries; ${why}`})
}

/** What is left, and what arrived meanwhile: after the last probe. Then how far the evidence reaches is written down. */
export async function finishLog(run: Run, progress: Progress): Promise<void> {
  const {log} = progress
  if (!log) return
  try {
    if (!run.interruption.requested) await log.saver.save('after')
  } finally {
    adopt(progress)
    const coverage = log.saver.coverage(tenantNow(run))
    progress.log_coverage = coverage
    run.journal.observe({
      action: 'tenant_log.coverage',
      finding: `${coverage.entries} entries in ${coverage.blobs} blob(s)${coverage.last_date === undefined ? '' : `, up to ${coverage.last_date}`}; ${coverage.caught_up ? 'nothing more was there' : `not whole: ${coverage.stopped_by ?? 'interrupted'}`}`,
      count: coverage.entries,
      verdict: coverage.caught_up && coverage.holes.length === 0 ? 'whole' : 'cut',
      evidence: run.journal.evidence(coverage),
    })
  }
  if (log.saver.caughtUp) {
    // The whole window was read from end to end: the limit of the search no longer says anything.
    const {before} = progress
    progress.before = {...before, gaps: before.gaps.filter((gap) => gap.code !== 'log_cut' && gap.code !== 'log_incomplete')}
    return
  }
  progress.gaps.push({
    code: 'log_not_whole',
    what: `the tenant log after ${log.saver.until ?? 'the newest 1,000 entries of this client'}`,
    why: `it is not in the evidence yet: ${stopWords(log.saver.stoppedBy, run)}. stanch resume ${run.journal.incident} goes on from there`,
  })
}

/** What the first look found: the client's newest entries, also where the window begins later or is never read to its end. */
function saveFound(journal: IncidentTrail, target: string, entries: readonly LogEntry[]): void {
  journal.observe({
    action: 'tenant_log.save',
    target,
    finding:
      entries.length === 0
        ? 'no entry of this client'
        : `${entries.length} entries, ${entries.at(-1)?.date} to ${entries[0]?.date}`,
    count: entries.length,
    evidence: putLines(journal.trail, entries.map(evidenceLine)),
  })
}

/** What earlier sessions saved counts like what this one will. A blob that is gone is a gap, never a reason not to contain. */
function seeEarlier({journal}: Run, progress: Progress, facts: LogFacts): void {
  try {
    facts.see(savedLog(journal.trail, journal.incident))
  } catch (error) {
    if (!(error instanceof StanchError) || !(isCode(error, 'E_MISSING') || isCode(error, 'E_TAMPERED'))) throw error
    progress.gaps.push({code: 'saved_log_unreadable', what: 'log entries that an earlier session saved', why: error.message})
  }
}

/** Exposure and consumers are computed from all that is known by now. */
function adopt(progress: Progress): void {
  const {before, log} = progress
  if (!log) return
  progress.before = {
    ...before,
    log: log.facts.clientLog(before.log ?? []),
    setting_changes: before.setting_changes === null ? null : log.facts.settingChanges(before.setting_changes),
  }
  if (log.facts.cut) {
    progress.gaps.push({
      code: 'log_facts_cut',
      what: `token exchanges and changes of settings beyond the first ${MOST_FACTS}`,
      why: 'more are in the saved log than are computed with',
    })
  }
}

function stopWords(stopped: string | undefined, run: Run): string {
  const caps = run.log_caps ?? LOG_CAPS
  switch (stopped) {
    case 'time':
      return `containment waits at most ${caps.before.seconds} s for it, and the rest is given ${caps.after.seconds} s`
    case 'count':
      return `containment waits for at most ${caps.before.entries} entries, and a run saves at most ${caps.after.entries} more`
    case 'interrupted':
      return 'it was interrupted'
    case undefined:
      return 'the work ended before'
    default:
      return `the tenant did not give more (${stopped})`
  }
}
