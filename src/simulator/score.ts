import type {TenantTime} from './time.ts'

export interface AttackerScore {
  /** Milliseconds since the epoch from which no request of the attacker could yield a token; undefined while one can. */
  readonly contained_at?: number
  readonly before: Tally
  readonly after: Tally
  /** NumericDate at which the last token he holds expires. */
  readonly last_token_expires_at?: number
}

export interface Tally {
  readonly minted: number
  readonly refused: number
  readonly calls_accepted: number
  readonly calls_refused: number
}

export interface ConsumerScore {
  readonly calls_ok: number
  readonly calls_failed: number
  readonly mints_failed: number
}

type Act = 'minted' | 'refused' | 'calls_accepted' | 'calls_refused'

/** What the attacker got before and after containment, and what the owner's own consumer lost by it. */
export class Score {
  readonly #time: TenantTime
  #acts: Act[] = []
  /** When it happened, and how many acts came before: several things may happen in one millisecond. */
  #contained: {at: number; acts: number} | undefined
  #lastExp: number | undefined
  #consumer = {calls_ok: 0, calls_failed: 0, mints_failed: 0}
  /** Set by the attacker: whether a token could be had with what leaked, at this moment. */
  canMint: (() => boolean) | undefined

  constructor(time: TenantTime) {
    this.#time = time
  }

  attacker(act: Act, exp?: number): void {
    this.#acts.push(act)
    if (exp !== undefined) this.#lastExp = Math.max(this.#lastExp ?? 0, exp)
  }

  holds(exp: number): void {
    this.#lastExp = Math.max(this.#lastExp ?? 0, exp)
  }

  consumer(what: 'calls_ok' | 'calls_failed' | 'mints_failed'): void {
    this.#consumer[what]++
  }

  /** Called after whatever may close or open a way to a token. */
  look(): void {
    if (!this.canMint) return
    if (this.canMint()) this.#contained = undefined
    else this.#contained ??= {at: this.#time.ms(), acts: this.#acts.length}
  }

  readAttacker(): AttackerScore {
    this.look()
    const contained = this.#contained
    const tally = (acts: readonly Act[]): Tally => {
      const count = (act: Act) => acts.filter((one) => one === act).length
      return {
        minted: count('minted'),
        refused: count('refused'),
        calls_accepted: count('calls_accepted'),
        calls_refused: count('calls_refused'),
      }
    }
    return {
      ...(contained === undefined ? {} : {contained_at: contained.at}),
      before: tally(this.#acts.slice(0, contained?.acts)),
      after: tally(contained === undefined ? [] : this.#acts.slice(contained.acts)),
      ...(this.#lastExp === undefined ? {} : {last_token_expires_at: this.#lastExp}),
    }
  }

  readConsumer(): ConsumerScore {
    return {...this.#consumer}
  }
}
