import {rfc3339Millis} from '../clock.ts'
import type {Clock} from '../clock.ts'
import {ActTrail} from './act-trail.ts'
import type {Members} from './act-trail.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import type {Draft, Trail} from '../trail/trail.ts'
import {printable} from '../untrusted.ts'

/** The trail of one incident: its acts, and what was asked, decided and concluded. */
export class IncidentTrail extends ActTrail {
  readonly incident: string
  readonly #clock: Clock

  constructor(trail: Trail, incident: string, tenant: string, clock: Clock) {
    super(trail, tenant)
    this.incident = incident
    this.#clock = clock
  }

  gaps(gaps: readonly EvidenceGap[]): void {
    if (gaps.length === 0) return
    this.trail.appendAll(
      gaps.map((gap) => this.record({kind: 'gap', what: printable(gap.what, 400), why: printable(gap.why, 1000)})),
    )
  }

  plan(planSha256: string, plan: string, runbook: {id: string; version: number; sha256: string}): void {
    this.trail.append(this.record({kind: 'plan', plan_sha256: planSha256, evidence: this.trail.putEvidence(plan), runbook}))
  }

  /** @param via how it came: `before` or `emergency`, and the signed line, so that a stranger can check it */
  approval(planSha256: string, by: string, via: string): void {
    this.trail.append(this.record({kind: 'approval', plan_sha256: planSha256, by: printable(by, 200), via}))
  }

  open(members: Readonly<Record<string, unknown>>): void {
    this.trail.append(this.record({kind: 'incident.open', ...members}))
  }

  /** The last record of the incident: nothing is added to it afterwards. */
  close(members: {
    readonly all_clear_at: string
    readonly disposition: string
    readonly cause?: string
    readonly lessons?: string
  }): void {
    this.trail.append(this.record({kind: 'incident.close', ...members}))
  }

  update(members: Readonly<Record<string, unknown>>): void {
    this.trail.append(this.record({kind: 'incident.update', ...members}))
  }

  now(): string {
    return rfc3339Millis(this.#clock.now())
  }

  protected override record(members: Members): Draft {
    return super.record({...members, inc: this.incident})
  }
}
