import {randomInt} from 'node:crypto'

const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const URLSAFE = `${ALNUM}_-`
const HEX = '0123456789abcdef'
const DIGITS = '0123456789'

/**
 * Made-up values in the tenant's own formats. Seeded, so that a test can have the same tenant twice: nothing here
 * protects anything, the secrets belong to a practice tenant.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #n: number

  constructor(seed: number = randomInt(0x7fffffff)) {
    this.#a = seed >>> 0
    this.#b = 0x9e3779b9
    this.#c = 0x243f6a88
    this.#n = 1
    for (let i = 0; i < 12; i++) this.#next()
  }

  /** sfc32, 32 bits. */
  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#n) | 0
    this.#n = (this.#n + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return t >>> 0
  }

  text(length: number, alphabet: string): string {
    let out = ''
    for (let i = 0; i < length; i++) out += alphabet[Math.floor((this.#next() / 4294967296) * alphabet.length)] ?? ''
    return out
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor((this.#next() / 4294967296) * bound)
  }

  chance(probability: number): boolean {
    return this.#next() / 4294967296 < probability
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0]
  }

  clientId(): string {
    return this.text(32, ALNUM)
  }

  thirdPartyClientId(): string {
    return `tpc_${this.text(22, ALNUM)}`
  }

  clientSecret(): string {
    return this.text(64, URLSAFE)
  }

  grantId(): string {
    return `cgr_${this.text(16, ALNUM)}`
  }

  credentialId(): string {
    return `cred_${this.text(22, ALNUM)}`
  }

  organizationId(): string {
    return `org_${this.text(16, ALNUM)}`
  }

  resourceServerId(): string {
    return this.text(24, HEX)
  }

  requestId(): string {
    return this.text(20, HEX)
  }

  jti(): string {
    return this.text(22, ALNUM)
  }

  digits(length: number): string {
    return this.text(length, DIGITS)
  }

  opaque(length: number): string {
    return this.text(length, URLSAFE)
  }
}
