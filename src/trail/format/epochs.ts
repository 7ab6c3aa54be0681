import {isCode} from '../../errors.ts'
import type {StoredRecord} from './record.ts'
import {COSIGNATURE, epochName, parseVkey, type VerifierKey} from './vkey.ts'

interface Epoch {
  /** of the log.open or key.epoch record that announced it */
  readonly index: number
  readonly key: VerifierKey
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
      this.#all.push({index: record.seq, key})
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
}
