import type {Random} from './random.ts'
import type {TenantTime} from './time.ts'
import {copy, type Wire} from './wire.ts'

interface Stored {
  readonly entry: Wire & {readonly log_id: string; readonly date: string}
  /** Milliseconds: when it happened, and when it can first be read. */
  readonly at: number
  visible: number
}

/** What an event looks like before the tenant has dated and numbered it. */
export interface Event extends Wire {
  readonly type: string
}

/** The tenant log: kept in the order of arrival, read after a delay and until the plan's retention ends. */
export class LogStore {
  readonly #time: TenantTime
  readonly #random: Random
  readonly #delayMs: number
  readonly #retentionMs: number
  readonly #stored: Stored[] = []
  /** Time stamp in the newest log id, milliseconds. */
  #stamp = 0

  constructor(time: TenantTime, random: Random, delaySeconds: number, retentionDays: number) {
    this.#time = time
    this.#random = random
    this.#delayMs = delaySeconds * 1000
    this.#retentionMs = retentionDays * 86_400_000
  }

  /** @param at milliseconds of the event, for history that lies before the tenant's start; default now */
  add(event: Event, at: number = this.#time.ms()): string {
    const date = new Date(at).toISOString()
    this.#stamp = Math.max(at, this.#stamp)
    // 900, UTC date and time with milliseconds, number of arrival, filler: 56 digits that sort by arrival.
    const stamp = new Date(this.#stamp).toISOString().replaceAll(/\D/g, '')
    const log_id = `900${stamp}${String(this.#stored.length + 1).padStart(12, '0')}${this.#random.digits(24)}`
    const {type, ...rest} = event
    const entry = {_id: log_id, log_id, date, type, ...rest}
    this.#stored.push({entry, at, visible: at + this.#delayMs})
    return log_id
  }

  /** Everything that can be read now, oldest arrival first. */
  readable(): Wire[] {
    return this.#readable(this.#stored).map(({entry}) => copy(entry))
  }

  /** What can be read now and is wanted, oldest arrival first. `wanted` sees the stored entry and must not change it. */
  search(wanted: (entry: Wire) => boolean): Wire[] {
    return this.#readable(this.#stored)
      .filter(({entry}) => wanted(entry))
      .map(({entry}) => entry)
  }

  /** At most `take` entries that arrived after the one with this id and can be read now. */
  after(log_id: string, take: number): Wire[] {
    let low = 0
    let high = this.#stored.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#stored[middle]?.entry.log_id ?? '') > log_id) high = middle
      else low = middle + 1
    }
    const found: Wire[] = []
    for (let i = low; i < this.#stored.length && found.length < take; i++) {
      const stored = this.#stored[i]
      if (stored && this.#isReadable(stored)) found.push(copy(stored.entry))
    }
    return found
  }

  /** Makes events come later, or with Infinity never. @returns how many */
  delay(matches: (entry: Wire) => boolean, seconds: number): number {
    const late = this.#stored.filter(({entry}) => matches(copy(entry)))
    for (const one of late) one.visible = Date.parse(one.entry.date) + seconds * 1000
    return late.length
  }

  /** Everything, delay and retention apart: for tests and the score. */
  all(): Wire[] {
    return this.#stored.map(({entry}) => copy(entry))
  }

  #readable(stored: readonly Stored[]): Stored[] {
    return stored.filter((one) => this.#isReadable(one))
  }

  #isReadable({at, visible}: Stored): boolean {
    const now = this.#time.ms()
    return visible <= now && now - at <= this.#retentionMs
  }
}
