import {isCode} from '../../errors.ts'
import type {StoredRecord} from './record.ts'
import {COSIGNATURE, epochName, parseVkey, type VerifierKey} from './vkey.ts'

interface Epoch {
  /** of the log.open or key.epoch record that announced it */
  readonly index: number
  /** of that record */
  readonly time: string
  /** the same in milliseconds: asked at each append */
  readonly at: number
  readonly key: VerifierKey
}

export interface StoredEpoch {
  readonly index: number
  readonly time: string
  readonly vkey: string
}

/** The epoch keys of one log, in the order in which its records announced them. */
export class Epochs {
  readonly #all: Epoch[] = []

  /** Remembers the key of a log.open or key.epoch record. @returns what is wrong with it, if anything */
  announce(record: StoredRecord, origin: string): string | undefined {
    const text = record['epoch_vkey']
    const name = epochName(origin, Number(record['epoch']))
    try {
      const key = parseVkey(typeof text === 'string' ? text : '')
      if (key.name !== name || key.type !== COSIGNATURE) return `bad vkey: ${JSON.stringify(text)} is not a key of ${name}`
      this.#all.push({index: record.seq, time: record.time, at: Date.parse(record.time), key})
      return undefined
    } catch (error) {
      if (isCode(error, 'audit.not_verified')) return (error as Error).message
      throw error
    }
  }

  /** The key that signs a checkpoint of this size: a seal is signed by the epoch that it ends. */
  inForce(size: number): VerifierKey | undefined {
    const last = size === 1 ? 0 : size - 2
    return this.#all.findLast((epoch) => epoch.index <= last)?.key
  }

  current(): VerifierKey | undefined {
    return this.#all.at(-1)?.key
  }

  /** The one before the current. */
  previous(): VerifierKey | undefined {
    return this.#all.at(-2)?.key
  }

  /** Index and time (milliseconds since 1970) of the record that began the current epoch. */
  get began(): {readonly index: number; readonly at: number} | undefined {
    return this.#all.at(-1)
  }

  stored(): StoredEpoch[] {
    return this.#all.map(({index, time, key}) => ({index, time, vkey: key.text}))
  }

  static of(stored: readonly StoredEpoch[]): Epochs {
    const epochs = new Epochs()
    for (const {index, time, vkey} of stored) epochs.#all.push({index, time, at: Date.parse(time), key: parseVkey(vkey)})
    return epochs
  }
}
