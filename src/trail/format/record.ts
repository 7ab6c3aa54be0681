import {StanchError} from '../../errors.ts'
import {concat, utf8} from './bytes.ts'
import {sha256} from './digest.ts'
import type {Json} from './members.ts'

/** Longest record in bytes, without its LF: it must fit the 16-bit length of a tlog-tiles entry bundle. */
export const MAX_RECORD_BYTES = 65_535
export const NO_PREVIOUS = '0'.repeat(64)
const MAX_DEPTH = 8
const MAX_SEEN = 1000

/** A record as it stands in the log. Its bytes are what is hashed; `JSON.stringify` of this object gives them back. */
export interface StoredRecord {
  readonly v: 1
  readonly seq: number
  /** hex leaf hash of the record before */
  readonly prev: string
  readonly salt: string
  /** RFC 3339 UTC with milliseconds */
  readonly time: string
  readonly kind: string
  readonly [member: string]: unknown
}

export interface Envelope {
  readonly seq: number
  readonly prev: string
  readonly salt: string
  readonly time: string
  readonly kind: string
}

const NAME = /^[a-z][a-z0-9_]{0,31}$/
const HEX64 = /^[0-9a-f]{64}$/
/** 16 bytes in base64url without padding: the last character carries two bits only. */
const SALT = /^[A-Za-z0-9_-]{21}[AQgw]$/
const TIME = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/
const KIND = /^[a-z][a-z0-9_.]{0,63}$/
const ENVELOPE = ['v', 'seq', 'prev', 'salt', 'time', 'kind'] as const

/** A record object with its members in writing order: envelope first, then `members` as they come. */
export function makeRecord(envelope: Envelope, members: {readonly [member: string]: Json}): StoredRecord {
  const {seq, prev, salt, time, kind} = envelope
  return {v: 1, seq, prev, salt, time, kind, ...members}
}

/**
 * The line of a record, without LF, checked by the rules that a verifier will apply.
 *
 * @throws {StanchError} `E_SCHEMA` for a value that has no canonical form, `E_TOO_LONG`
 */
export function recordLine(record: StoredRecord): string {
  const line = JSON.stringify(record)
  const problem = problemOf(record, line)
  if (problem !== undefined) throw new StanchError('E_SCHEMA', `Not a record of the trail: ${problem}.`)
  // A character is at most three bytes: most lines need no counting.
  const bytes = line.length * 3 > MAX_RECORD_BYTES ? utf8(line).length : 0
  if (bytes > MAX_RECORD_BYTES)
    throw new StanchError('E_TOO_LONG', `A record of ${bytes} bytes is longer than ${MAX_RECORD_BYTES}.`)
  return line
}

/**
 * Reads one line of a log: canonical form and envelope. It says nothing about the record's place in the chain.
 *
 * @param line without its LF, decoded from well-formed UTF-8
 * @param prev a leaf hash that it may well hold, for speed only
 * @throws {StanchError} `E_CHAIN`; the message begins with the verifier's name of the problem
 */
export function parseRecord(line: string, prev?: string): StoredRecord {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new StanchError('E_CHAIN', `${NOT_CANONICAL}: not JSON.`)
  }
  if (line.length * 3 > MAX_RECORD_BYTES && utf8(line).length > MAX_RECORD_BYTES)
    throw new StanchError('E_CHAIN', `${NOT_CANONICAL}: longer than ${MAX_RECORD_BYTES} bytes.`)
  const problem = problemOf(value, line, prev)
  if (problem !== undefined) throw new StanchError('E_CHAIN', `${problem}.`)
  return value as StoredRecord
}

export const NOT_CANONICAL = 'not in canonical form'
export const BAD_ENVELOPE = 'bad envelope'

function problemOf(value: unknown, line: string, prev?: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${NOT_CANONICAL}: not an object`
  const escapes = line.includes('\\')
  const walk = new Walk(escapes)
  const inner = walk.problem(value, 1)
  // A text of the canonical length is the canonical text, see Walk; where that is not sure the text is made and compared.
  if ((!walk.sure || walk.length !== line.length) && JSON.stringify(value) !== line)
    return `${NOT_CANONICAL}: its bytes are not what a compact writer makes of them`
  return inner === undefined ? envelopeProblem(value as Record<string, unknown>, prev) : `${NOT_CANONICAL}: ${inner}`
}

/**
 * Looks at every value of a record and adds up the length of the canonical text.
 *
 * Making that text for each record takes as long as parsing it. But a JSON text without a backslash that parses to a
 * value is never shorter than the canonical text of that value, and as long only if it is that text: blanks and repeated
 * members only add, texts without escapes have one spelling, and a number has another one that is no longer only when it
 * ends with two zeros (`2e2` for 200).
 */
class Walk {
  length = 0
  /** whether `length` decides */
  sure: boolean
  readonly #escapes: boolean

  constructor(escapes: boolean) {
    this.sure = !escapes
    this.#escapes = escapes
  }

  problem(value: object, depth: number): string | undefined {
    if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`
    return Array.isArray(value) ? this.#list(value, depth) : this.#object(value as Record<string, unknown>, depth)
  }

  #list(items: readonly unknown[], depth: number): string | undefined {
    // brackets, and a comma between items
    this.length += Math.max(2, items.length + 1)
    for (const item of items) {
      const problem = this.#value(item, depth)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #object(members: Record<string, unknown>, depth: number): string | undefined {
    let count = 0
    for (const name in members) {
      if (!names.has(name)) return 'a member name that is not allowed'
      count++
      this.length += name.length + 3
      const problem = this.#value(members[name], depth)
      if (problem !== undefined) return problem
    }
    this.length += Math.max(2, count + 1)
    return undefined
  }

  #value(value: unknown, depth: number): string | undefined {
    switch (typeof value) {
      case 'string':
        this.length += value.length + 2
        // In canonical text a lone surrogate can only stand as an escape.
        return this.#escapes && !value.isWellFormed() ? 'a lone surrogate' : undefined
      case 'number':
        if (!Number.isSafeInteger(value) || Object.is(value, -0)) return 'a number that is not a safe integer'
        if (value % 100 === 0 && value !== 0) this.sure = false
        else this.length += digits(value)
        return undefined
      case 'boolean':
        this.length += value ? 4 : 5
        return undefined
      case 'object':
        if (value !== null) return this.problem(value, depth + 1)
        this.length += 4
        return undefined
      case 'bigint':
      case 'function':
      case 'symbol':
      case 'undefined':
        return `a value of type ${typeof value}`
    }
  }
}

/** Characters of a safe integer in decimal. Counted, because the engine would keep the text of every number for a while. */
function digits(value: number): number {
  let count = value < 0 ? 2 : 1
  for (let rest = Math.abs(value); rest >= 10; rest = Math.floor(rest / 10)) count++
  return count
}

/** Names, kinds and days come again and again: each is looked at once. Bounded, since a hostile log may bring new ones for ever. */
class Seen {
  readonly #good = new Set<string>()
  readonly #test: (text: string) => boolean

  constructor(test: (text: string) => boolean) {
    this.#test = test
  }

  has(text: string): boolean {
    if (this.#good.has(text)) return true
    if (!this.#test(text)) return false
    if (this.#good.size >= MAX_SEEN) this.#good.clear()
    this.#good.add(text)
    return true
  }
}

const names = new Seen((name) => NAME.test(name))
const kinds = new Seen((kind) => KIND.test(kind))
const days = new Seen((day) => {
  const ms = Date.parse(`${day}T00:00:00.000Z`)
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(day)
})

function envelopeProblem(record: Record<string, unknown>, expected: string | undefined): string | undefined {
  let i = 0
  for (const name in record) {
    if (name !== ENVELOPE[i]) return `${BAD_ENVELOPE}: the first members are not ${ENVELOPE.join(', ')}`
    if (++i === ENVELOPE.length) break
  }
  if (i < ENVELOPE.length) return `${BAD_ENVELOPE}: the first members are not ${ENVELOPE.join(', ')}`
  const {v, seq, prev, salt, time, kind} = record
  if (v !== 1) return `${BAD_ENVELOPE}: version ${String(v)} is not known; this program knows version 1`
  if (typeof seq !== 'number' || seq < 0) return `${BAD_ENVELOPE}: seq`
  if (prev !== expected && (typeof prev !== 'string' || !HEX64.test(prev))) return `${BAD_ENVELOPE}: prev`
  if (typeof salt !== 'string' || !SALT.test(salt)) return `${BAD_ENVELOPE}: salt`
  if (typeof time !== 'string' || !isInstant(time)) return `${BAD_ENVELOPE}: time`
  if (typeof kind !== 'string' || !kinds.has(kind)) return `${BAD_ENVELOPE}: kind`
  return undefined
}

function isInstant(time: string): boolean {
  return TIME.test(time) && days.has(time.slice(0, 10))
}

/** Hex leaf hash of a line (RFC 9162, 2.1.1): SHA-256 over 0x00 and the record's bytes. */
export function leafHash(line: string): string {
  return sha256(`\0${line}`)
}

/** As `leafHash`, of bytes that may be no text at all. */
export function leafHashOfBytes(bytes: Uint8Array): string {
  return sha256(concat(Uint8Array.of(0), bytes))
}

/** Leaf hash of a record that came from a log: being canonical, it has only one spelling. */
export function leafOf(record: StoredRecord): string {
  return leafHash(JSON.stringify(record))
}

/** What goes out as `X-Correlation-ID` with the request of an intent: 63 characters. */
export function correlationIdOf(leaf: string): string {
  return `stanch-${leaf.slice(0, 56)}`
}
