/** An answer with the tenant's Date header (NumericDate), and when it came by the machine's clock, milliseconds. */
export interface Answered {
  readonly outcome?: {readonly at: number; readonly date?: number}
}

/** Resolution of a Date header, milliseconds. */
const HEADER_MS = 1000

export interface Span {
  readonly earliest: number
  readonly latest: number
}

/**
 * Machine time as tenant time. Every answer that carried a Date header shows how far the two clocks were apart at that
 * moment; between two of them the truth lies between their offsets. A simulated tenant's clock runs ahead with every wait.
 */
export class TenantTime {
  readonly #samples: readonly {readonly at: number; readonly offset: number}[]

  /** @param now machine time, milliseconds, and the offset at that moment, where it is known */
  constructor(intents: readonly Answered[], now?: {readonly at: number; readonly offset: number}) {
    const samples = intents.flatMap(({outcome}) =>
      outcome?.date === undefined ? [] : [{at: outcome.at, offset: outcome.date * 1000 - outcome.at}],
    )
    this.#samples = [...samples, ...(now ? [now] : [])].toSorted((a, b) => a.at - b.at)
  }

  /** Tenant time, milliseconds, of a moment of machine time: between these two. */
  of(at: number): Span {
    let [low, high] = [0, this.#samples.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#samples[middle]!.at < at) low = middle + 1
      else high = middle
    }
    const offsets = [this.#samples[low - 1], this.#samples[low]].flatMap((sample) => (sample ? [sample.offset] : []))
    // Before the first answer nothing was waited for either: the clocks were as they are by nature.
    if (low === 0) offsets.push(0)
    return {earliest: at + Math.min(...offsets) - HEADER_MS, latest: at + Math.max(...offsets) + HEADER_MS}
  }

  /** The best single guess: by the answer nearest to that moment; undefined without one. */
  nearest(at: number): number | undefined {
    let best: {readonly at: number; readonly offset: number} | undefined
    for (const sample of this.#samples) if (!best || Math.abs(sample.at - at) < Math.abs(best.at - at)) best = sample
    return best && at + best.offset
  }
}
