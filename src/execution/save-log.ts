import type {PlanStep} from '../incident/plan.ts'
import {withoutSecretShapes} from '../secret.ts'
import {beginStep, finishStep} from './progress.ts'
import type {Progress} from './progress.ts'
import type {Run} from './run.ts'

/**
 * Keeps the log entries that were just read as evidence, before anything is changed. One JSON entry a line, as the
 * tenant gave them: personal data may be in them, tokens and secrets are not; what is shaped like one reads `[secret]`.
 */
export async function saveLog(run: Run, progress: Progress, step: PlanStep & {action: 'tenant_log.save'}): Promise<void> {
  beginStep(run, progress, step)
  const entries = progress.snapshot.log?.slice(0, step.args.entries)
  if (!entries) {
    progress.gaps.push({
      code: 'log_not_saved',
      what: "the client's log entries",
      why: 'the tenant log could not be read (read:logs); on a free tenant it is gone after a day',
    })
    finishStep(run, progress, step, {
      outcome: 'refused',
      at: run.journal.now(),
      detail: 'the log cannot be read with this credential',
    })
    return
  }
  const evidence = run.journal.trail.putEvidence(
    entries.map((entry) => `${withoutSecretShapes(JSON.stringify(entry.raw))}\n`).join(''),
  )
  run.journal.observe({
    action: 'tenant_log.save',
    target: step.target,
    finding:
      entries.length === 0
        ? 'no entry of this client'
        : `${entries.length} entries, ${entries.at(-1)?.date} to ${entries[0]?.date}`,
    count: entries.length,
    evidence,
  })
  finishStep(run, progress, step, {outcome: 'done', at: run.journal.now(), detail: `${entries.length} entries`})
}
