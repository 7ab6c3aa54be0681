import * as v from 'valibot'
import {StanchError} from '../../errors.ts'
import {withoutSecretShapes} from '../../secret.ts'

/**
 * A wire value read by `schema`: unknown members are dropped, null counts as absent, text is `foreign`.
 *
 * @param at where the value stood, for instance `client_grants[3]`
 * @throws {StanchError} `auth0.unexpected_answer` naming the path of the first member that does not fit, never its value
 */
export function read<S extends v.GenericSchema>(schema: S, value: unknown, at: string): v.InferOutput<S> {
  const result = v.safeParse(schema, withoutNulls(value), {abortEarly: true})
  if (result.success) return result.output
  const issue = result.issues[0]
  throw unexpected(`${at}${pathOf(issue.path)}`, issue.expected ?? 'something else')
}

/** @param expected in words of the schema, `string` or `Array`; never a part of the answer */
export function unexpected(at: string, expected: string): StanchError {
  return new StanchError('auth0.unexpected_answer', `The tenant's answer does not fit at ${at}: expected ${expected}.`, {
    hint: 'Is this an Auth0 tenant? If it is, the API has changed; nothing was concluded from this answer.',
  })
}

/** Each member of a list, with its place in the path. */
export function readList<T>(value: unknown, at: string, readOne: (value: unknown, at: string) => T): T[] {
  if (!Array.isArray(value)) throw unexpected(at, 'Array')
  return value.map((one, index) => readOne(one, `${at}[${index}]`))
}

/** The client an answer is about must be the one that was asked for: a mixed-up answer must never be acted on. */
export function mustEcho(actual: string, asked: string, at: string): void {
  if (actual !== asked) throw unexpected(at, 'the id that was asked for')
}

/** Ids that go into paths, records and screens: visible ASCII, so that two that look alike are alike. */
export const id = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,600}$/))
export const text = v.string()
export const texts = v.array(v.string())
export const seconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1e10))

function pathOf(path: readonly {readonly key?: unknown}[] | undefined): string {
  return (path ?? []).map(({key}) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
}

/** Auth0 writes null where it means absent. Null-prototype copies, so that a member named `__proto__` stays a member. */
function withoutNulls(value: unknown): unknown {
  if (typeof value === 'string') return foreign(value)
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, member] of Object.entries(value)) if (member !== null) copy[key] = withoutNulls(member)
  return copy
}

/**
 * Text as an administrator of the tenant chose it, who may be the attacker: what has the shape of a token or a private key
 * reads `[secret]`, because it may be one and must not keep a record from being written; what is no text at all (half a
 * surrogate pair) has no UTF-8 and reads U+FFFD.
 */
export function foreign(value: string): string {
  return withoutSecretShapes(value.toWellFormed())
}
