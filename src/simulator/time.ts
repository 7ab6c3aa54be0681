import type {Clock} from '../clock.ts'

/** Somebody who does something by himself as tenant time passes. */
export interface Actor {
  /** Milliseconds since the epoch at which he acts next; Infinity when never. */
  readonly next: number
  act(at: number): void
}

/** How many acts one step of the clock may run, so that a step of years cannot hang the tenant. */
const MAX_ACTS = 20_000

/**
 * The tenant's clock. It follows the machine's clock, or stands still at a fixed start, and is moved forward by the
 * control endpoint. Never goes back.
 */
export class TenantTime {
  readonly #read: () => number
  #offset = 0
  #frozen: number | undefined
  #actors: Actor[] = []

  constructor(clock: Clock, fixedStart?: number) {
    this.#read = fixedStart === undefined ? () => clock.now() : () => fixedStart * 1000
  }

  /** Milliseconds since the epoch. While somebody acts, the moment at which he acts. */
  ms(): number {
    return this.#frozen ?? this.#read() + this.#offset
  }

  /** NumericDate, whole seconds. */
  now(): number {
    return Math.floor(this.ms() / 1000)
  }

  add(actor: Actor): void {
    this.#actors.push(actor)
  }

  advance(seconds: number): void {
    this.#offset += Math.max(0, seconds) * 1000
    this.catchUp()
  }

  /** Lets everybody act whose moment has come, in the order of time. */
  catchUp(): void {
    if (this.#frozen !== undefined) return
    const until = this.ms()
    for (let acts = 0; acts < MAX_ACTS; acts++) {
      let due: Actor | undefined
      for (const actor of this.#actors) if (actor.next <= until && (!due || actor.next < due.next)) due = actor
      if (!due) return
      this.#frozen = due.next
      try {
        due.act(due.next)
      } finally {
        this.#frozen = undefined
      }
    }
  }
}
