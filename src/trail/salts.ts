import {randomBytes} from 'node:crypto'

const SALT_BYTES = 16
const SALTS_AT_ONCE = 256

/** Salts of records, each given once. Drawn many at a time: one by one they cost more than hashing the record. */
export class Salts {
  #room = Buffer.alloc(0)
  #used = 0

  /** 22 characters of base64url */
  next(): string {
    if (this.#used >= this.#room.length) {
      this.#room = randomBytes(SALT_BYTES * SALTS_AT_ONCE)
      this.#used = 0
    }
    this.#used += SALT_BYTES
    return this.#room.toString('base64url', this.#used - SALT_BYTES, this.#used)
  }
}
