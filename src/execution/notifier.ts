import type {Clock} from '../clock.ts'
import {notifyName, sendNotice} from '../delivery/notify.ts'
import type {NotifyTarget} from '../delivery/notify.ts'
import {noticeText} from '../incident/notice.ts'
import type {Notice} from '../incident/notice.ts'
import type {IncidentTrail} from './incident-trail.ts'

/** Waits before the second and the third attempt, seconds. There is no fourth. */
const BACKOFF = [1, 4] as const
/** Longest wait for what is still on its way when the work is over, seconds. */
const LEAVE_SECONDS = 5
/** Notices on their way at once; what comes beyond is not sent, and that is recorded. */
const MAX_WAITING = 32

export interface NotifierParts {
  readonly targets: readonly NotifyTarget[]
  readonly env: NodeJS.ProcessEnv
  /** The machine's: a wait for a pager must not move a simulated tenant's time. */
  readonly clock: Clock
}

/**
 * Tells people outside. It never throws, never makes the work wait and changes no exit status; what became of each
 * notice stands in the trail, as far as that can be written.
 */
export class Notifier {
  readonly #parts: NotifierParts
  readonly #stop = new AbortController()
  readonly #waiting = new Set<Promise<void>>()

  constructor(parts: NotifierParts) {
    this.#parts = parts
  }

  notify(journal: IncidentTrail, notice: Notice | undefined): void {
    if (!notice) return
    for (const target of this.#parts.targets) {
      if (this.#waiting.size >= MAX_WAITING) {
        record(journal, notice, target, 0, 'too many notices are on their way')
        continue
      }
      const sent = this.#send(journal, notice, target).finally(() => this.#waiting.delete(sent))
      this.#waiting.add(sent)
    }
  }

  /** Waits for what is on its way, five seconds at most; what has not arrived by then is given up and recorded so. */
  async drain(): Promise<void> {
    if (this.#waiting.size === 0) return
    const leave = new AbortController()
    const patience = this.#parts.clock.sleep(LEAVE_SECONDS, leave.signal).catch(() => {})
    await Promise.race([Promise.all(this.#waiting), patience])
    leave.abort()
    this.#stop.abort()
    await Promise.all(this.#waiting)
  }

  async #send(journal: IncidentTrail, notice: Notice, target: NotifyTarget): Promise<void> {
    const {env, clock} = this.#parts
    const {signal} = this.#stop
    const body = noticeText(notice)
    let why = 'it was given up'
    let tries = 0
    try {
      while (tries <= BACKOFF.length && !signal.aborted) {
        tries++
        const sent = await sendNotice(target, body, {env, signal})
        if (sent.ok) return record(journal, notice, target, tries)
        why = sent.why
        const wait = BACKOFF[tries - 1]
        if (!sent.again || wait === undefined) break
        await clock.sleep(wait, signal)
      }
    } catch {
      // given up while it waited: what the last attempt said stands
    }
    record(journal, notice, target, tries, why)
  }
}

/** A trail that takes no record is reported by the work itself; a notice is no reason to stop it. */
function record(journal: IncidentTrail, notice: Notice, target: NotifyTarget, tries: number, why?: string): void {
  try {
    journal.observe({
      action: 'notify',
      target: `notify:${notifyName(target)}`,
      finding: why === undefined ? `${notice.event}: delivered` : `${notice.event}: not delivered, ${why}`,
      verdict: why === undefined ? 'delivered' : 'failed',
      count: tries,
      evidence: journal.evidence(notice),
    })
  } catch {
    // see above
  }
}
