import {equal, ok} from 'node:assert/strict'

import fc from 'fast-check'

import {parseJson} from '../../src/auth0/json.ts'
import {looksLikeSecret} from '../../src/secret.ts'
import {HOSTILE} from '../hostile/strings.ts'

/** Stands in inputs as the secret would: no error may say it. */
export const CANARY = 'stnchCanary7QxW2mZ9'

/** A door through which text comes in that somebody else wrote. */
export interface Target {
  readonly name: string
  readonly input: fc.Arbitrary<string>
  /** Takes the text as the program does, and checks what came of it. A StanchError is an answer; all else is a crash. */
  readonly run: (text: string) => unknown
  /** Its errors may name what was typed: it is no secret. */
  readonly quotes?: boolean
  /** Share of the runs, 1 when it is not said: less for doors that need a disk or a signature, more for quick ones. */
  readonly weight?: number
}

export const b64 = (text: string) => Buffer.from(text).toString('base64url')
export const piece = fc.oneof(
  {weight: 4, arbitrary: fc.string({maxLength: 20})},
  {weight: 2, arbitrary: fc.string({unit: 'binary', maxLength: 20})},
  {weight: 2, arbitrary: fc.constantFrom(...HOSTILE.map(({text}) => text.slice(0, 60)))},
  {weight: 1, arbitrary: fc.constant(CANARY)},
)

/** Sound texts with pieces cut out, doubled, put in or changed: near enough to sound ones to get behind the first check. */
export function mutated(seeds: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({min: 0, max: 1, noNaN: true}),
    length: fc.nat({max: 12}),
    put: piece,
    what: fc.constantFrom('cut', 'put', 'swap', 'double'),
  })
  return fc.tuple(fc.constantFrom(...seeds), fc.array(edit, {maxLength: 4})).map(([seed, edits]) => {
    let text = seed
    for (const {at, length, put, what} of edits) {
      const from = Math.floor(at * text.length)
      const gone = what === 'put' || what === 'double' ? 0 : length
      const added = what === 'cut' ? '' : what === 'double' ? text.slice(from, from + length * 4) : put
      text = text.slice(0, from) + added + text.slice(from + gone)
    }
    return text
  })
}

/** JSON in which the members that a parser knows turn up, with whatever in them. */
export function jsonWith(names: readonly string[]): fc.Arbitrary<string> {
  const name = fc.oneof(
    {weight: 8, arbitrary: fc.constantFrom(...names)},
    {weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', CANARY)},
  )
  const {value} = fc.letrec<{value: unknown}>((tie) => ({
    value: fc.oneof(
      {maxDepth: 4, withCrossShrink: true},
      fc.oneof(
        piece,
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom('client', 'user', 'Bearer', 'https://api.example/'),
      ),
      fc.array(tie('value'), {maxLength: 4}),
      fc.array(fc.tuple(name, tie('value')), {maxLength: 8}).map((members) => Object.fromEntries(members)),
    ),
  }))
  return fc.oneof({weight: 5, arbitrary: value.map((one) => JSON.stringify(one) ?? 'null')}, {weight: 1, arbitrary: piece})
}

/** Members of the tenant's answers. */
export const MEMBERS = [
  'id',
  'client_id',
  'name',
  'audience',
  'scope',
  'log_id',
  'date',
  'type',
  'details',
  'request',
  'auth',
  'credentials',
  'jti',
  'response',
  'statusCode',
  'accessedSecrets',
  'references',
  'correlation_id',
  'identifier',
  'token_lifetime',
  'scopes',
  'value',
  'is_system',
  'subject_type',
  'credential_type',
  'kid',
  'access_token',
  'expires_in',
  'token_type',
  'client_secret',
  'client_authentication_methods',
  'private_key_jwt',
  'default_organization',
  'jwt_configuration',
  'grant_types',
]

/** What the program's own reader makes of an answer; undefined where it refuses the text. */
export function value(text: string): unknown {
  const parsed = parseJson(Buffer.from(text))
  return 'problem' in parsed ? undefined : parsed.value
}

/** What was accepted holds text that can be kept: well-formed, nothing shaped like a secret, no foreign prototype. */
export function kept(made: unknown): void {
  const walk = (one: unknown): void => {
    if (typeof one === 'string') ok(one.isWellFormed() && !looksLikeSecret(one), 'text that cannot be recorded')
    else if (Array.isArray(one)) one.forEach(walk)
    else if (typeof one === 'object' && one !== null) {
      ok([null, Object.prototype].includes(Object.getPrototypeOf(one) as never), 'a foreign prototype')
      for (const [name, member] of Object.entries(one)) {
        walk(name)
        walk(member)
      }
    }
  }
  walk(made)
  equal(({} as Record<string, unknown>)['pwn'], undefined)
}
