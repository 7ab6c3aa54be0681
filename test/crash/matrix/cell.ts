import type {Bench, BenchOptions, Ran} from './bench.ts'
import type {Injected} from './faults.ts'

export const SECTIONS = {A: 32, B: 34, C: 120, D: 64, E: 340, F: 80, G: 32, H: 100, I: 34} as const

/**
 * Beside the plan's count: M a leaked management token (sections A, B and D again, and E at the changing steps), U the guided
 * road in a terminal and one that goes away, N a responder who may not read secrets, P around the confirmation, R the real kernel, disk and clock.
 */
export const MORE = {M: 242, U: 97, N: 50, P: 28, R: 20} as const
export type Section = keyof typeof SECTIONS | keyof typeof MORE

/**
 * What is promised, in the words of the plan. OK: the run completes. OK+W: it completes or ends and names the weakness. R:
 * repeated within bounds. STOP: nothing further is changed. READ: the effect is found out by looking before anything is
 * sent again. ASK: two named ways out, never automatic. REFUSE: ended before any effect. KEEP: after a kill the trail
 * verifies and resume goes on.
 */
export type Promised = 'OK' | 'OK+W' | 'R' | 'STOP' | 'READ' | 'ASK' | 'REFUSE' | 'KEEP'

export interface Cell {
  /** `section.step.fault`, unique; of the sections beside the plan with that of the plan's cell behind their own letter. */
  readonly id: string
  readonly section: Section
  readonly step: string
  readonly fault: string
  /** One of these holds after the first run; none where `also` says it all. */
  readonly promised: readonly Promised[]
  /** Where resumes may end, beside `contained`. */
  readonly ends?: readonly string[]
  readonly bench?: BenchOptions
  /** Arms the faults; what goes into the child. */
  readonly arm?: (bench: Bench) => Injected | void
  /** Instead of one unattended `respond`. */
  readonly play?: (bench: Bench) => Promise<Ran>
  /** Puts the world right before anybody resumes. */
  readonly mend?: (bench: Bench) => void
  /** What else must be so when everything has ended; a sentence when it is not. */
  readonly also?: (bench: Bench) => string | undefined
  /** Why it cannot be represented here. */
  readonly skip?: string
  /** Invariants that this fault makes meaningless, each with the reason. */
  readonly exempt?: Readonly<Record<string, string>>
}
