import type {OpenIntent} from './continuity.ts'

/** More than these open at once are looked up in maps. */
const FEW = 256

/**
 * The intents that wait for an answer. A few at a time stand in a list: a Map that grows and shrinks for ever leaves a
 * chain of old tables behind that keeps its contents alive until the next full collection, and the memory of a verifier
 * would not stay flat. A log with many open ones, which only a hostile one has, must not take quadratic time: then maps.
 */
export class OpenIntents {
  /** by seq */
  #few: OpenIntent[] = []
  #many: {readonly bySeq: Map<number, OpenIntent>; readonly byOp: Map<string, OpenIntent>} | undefined

  all(): OpenIntent[] {
    return this.#many ? [...this.#many.bySeq.values()] : [...this.#few]
  }

  ofSeq(seq: unknown): OpenIntent | undefined {
    return this.#many ? this.#many.bySeq.get(seq as number) : this.#few[this.#place(seq)]
  }

  ofOp(op: unknown): OpenIntent | undefined {
    return this.#many ? this.#many.byOp.get(op as string) : this.#few.findLast((intent) => intent.op === op)
  }

  /** Adds it, or replaces the one of the same record. */
  put(intent: OpenIntent): void {
    if (!this.#many) {
      const place = this.#place(intent.seq)
      if (place >= 0) this.#few[place] = intent
      else this.#insert(intent)
      return
    }
    this.#many.bySeq.set(intent.seq, intent)
    this.#many.byOp.set(intent.op, intent)
  }

  remove(intent: OpenIntent): void {
    if (!this.#many) {
      const place = this.#place(intent.seq)
      if (place >= 0) this.#few.splice(place, 1)
      return
    }
    this.#many.bySeq.delete(intent.seq)
    if (this.#many.byOp.get(intent.op)?.seq === intent.seq) this.#many.byOp.delete(intent.op)
  }

  #insert(intent: OpenIntent): void {
    this.#few.splice(this.#lower(intent.seq), 0, intent)
    if (this.#few.length > FEW) this.#spill()
  }

  /** Index of the one with this seq, or -1. */
  #place(seq: unknown): number {
    if (typeof seq !== 'number') return -1
    const place = this.#lower(seq)
    return this.#few[place]?.seq === seq ? place : -1
  }

  /** How many have a lower seq. */
  #lower(seq: number): number {
    let [from, to] = [0, this.#few.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#few[middle]!.seq < seq) from = middle + 1
      else to = middle
    }
    return from
  }

  #spill(): void {
    this.#many = {bySeq: new Map(), byOp: new Map()}
    for (const intent of this.#few) this.put(intent)
    this.#few = []
  }
}
