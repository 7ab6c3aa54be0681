import type {LogEntry} from '../../auth0/resources/log-entry.ts'

/** Lists that an incident fills in: which clients are compromised, whose addresses are suspect, what is known as our own. */
export const SETS = {
  compromised_clients: 'client ids of what leaked, and of what the pivot found',
  suspect_addresses: 'addresses that the attacker was seen at',
  suspect_fingerprints: 'JA3 and JA4 fingerprints that only the attacker showed',
  explorer_clients: "client id of the tenant's API Explorer application",
  dashboard_clients: "client ids of Auth0's Dashboard and of the tenant's global client",
  trusted_clients: 'client ids that may hold rights on the Management API',
  critical_scopes: 'scopes of which one alone gives lasting or tenant-wide control',
  canonical_hosts: "the tenant's own Auth0 host names, where a custom domain is in use",
  known_allowlist: 'addresses that are meant to be on an allow list',
  fence_acls: 'ids of the access control lists that were made for this incident',
  own_correlation_ids: 'correlation ids of the requests that this trail recorded',
  own_tokens: 'token ids (jti) of the responder',
  own_clients: 'client ids of the responder',
  planted_users: 'users and administrators that the attacker made or invited',
} as const

export type SetName = keyof typeof SETS

export type Sets = Readonly<Partial<Record<SetName, ReadonlySet<string>>>>

/**
 * A filter on one log entry, as data: the engine compiles it, and Sigma is written from it. A field is a path into the
 * entry as the tenant wrote it; where a list stands on the way, any of its elements counts.
 */
export type Condition =
  | {readonly all: readonly Condition[]}
  | {readonly any: readonly Condition[]}
  | {readonly not: Condition}
  | {readonly field: string; readonly is: readonly (string | number | boolean)[]}
  | {readonly field: string; readonly starts: readonly string[]}
  | {readonly field: string; readonly contains: readonly string[]}
  | {readonly field: string; readonly matches: string}
  | {readonly field: string; readonly exists: boolean}
  | {readonly field: string; readonly among: SetName}
  /** Holds a value that is not in the set. */
  | {readonly field: string; readonly beyond: SetName}
  /** Holds more than so many values. Sigma cannot say this. */
  | {readonly field: string; readonly over: number}
  /** After the containment that the incident proved. Sigma cannot say this: a rule is deployed then. */
  | {readonly after: 'containment'}

export interface ConditionContext {
  readonly sets: Sets
  /** RFC 3339 with milliseconds; undefined while nothing is contained. */
  readonly contained_at?: string
}

export type Predicate = (entry: LogEntry) => boolean

/** What cannot hold in this incident, as nothing is in its set: the detector leaves such detections out. */
export const never: Predicate = () => false

const NOBODY: ReadonlySet<string> = new Set()

/** A predicate over entries as `parseLogEntry` and `savedLogEntry` give them. */
export function compile(condition: Condition, context: ConditionContext): Predicate {
  if ('all' in condition) {
    const parts = condition.all.map((one) => compile(one, context))
    if (parts.includes(never)) return never
    const [first = never, second] = parts
    if (second === undefined) return first
    if (parts.length === 2) return (entry) => first(entry) && second(entry)
    return (entry) => {
      for (const part of parts) if (!part(entry)) return false
      return true
    }
  }
  if ('any' in condition) {
    const parts = condition.any.map((one) => compile(one, context)).filter((part) => part !== never)
    const [first = never, second] = parts
    if (second === undefined) return first
    return (entry) => {
      for (const part of parts) if (part(entry)) return true
      return false
    }
  }
  if ('not' in condition) {
    const inner = compile(condition.not, context)
    return inner === never ? () => true : (entry) => !inner(entry)
  }
  if ('after' in condition) {
    const {contained_at: at} = context
    return at === undefined ? never : (entry) => entry.date >= at
  }
  return onField(reader(condition.field), testOf(condition, context), condition.field in DIRECT)
}

type FieldCondition = Extract<Condition, {readonly field: string}>

/** What is asked of a value, or of the whole where it is a list. */
type Test = {readonly one: (value: unknown) => boolean} | {readonly whole: (value: unknown) => boolean} | undefined

function testOf(condition: FieldCondition, {sets}: ConditionContext): Test {
  if ('is' in condition) {
    const isWanted = memberOf(new Set<unknown>(condition.is))
    return {one: (value) => value !== undefined && isWanted(value)}
  }
  if ('starts' in condition)
    return {one: (value) => typeof value === 'string' && condition.starts.some((one) => value.startsWith(one))}
  if ('contains' in condition)
    return {one: (value) => typeof value === 'string' && condition.contains.some((one) => value.includes(one))}
  if ('matches' in condition) {
    const pattern = new RegExp(condition.matches, 'u')
    return {one: (value) => typeof value === 'string' && value.length <= MAX_MATCHED && pattern.test(value)}
  }
  if ('exists' in condition) {
    const said = (value: unknown) => value !== null && value !== ''
    return {whole: (value) => some(value, said) === condition.exists}
  }
  if ('over' in condition) return {whole: (value) => Array.isArray(value) && value.length > condition.over}
  if ('among' in condition) {
    const set = sets[condition.among] ?? NOBODY
    return set.size === 0 ? undefined : {one: memberOf(set)}
  }
  const set = sets[condition.beyond] ?? NOBODY
  return {one: (value) => typeof value === 'string' && !set.has(value)}
}

/** Is a value in a set? The only member of a set is compared: that costs less than to look it up. */
export function memberOf(values: ReadonlySet<unknown>): (value: unknown) => boolean {
  const [only] = values
  return values.size === 1 ? (value) => value === only : (value) => values.has(value)
}

function onField(read: (entry: LogEntry) => unknown, test: Test, single: boolean): Predicate {
  if (!test) return never
  if ('whole' in test) {
    const {whole} = test
    return (entry) => whole(read(entry))
  }
  const {one} = test
  // What the parser has read is a text or nothing, never a list.
  if (single) return (entry) => one(read(entry))
  return (entry) => some(read(entry), one)
}

/** Longer texts (page templates) are cut by this before a pattern sees them: patterns look at paths and short values. */
const MAX_MATCHED = 100_000

function some(value: unknown, test: (one: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.some((one) => some(one, test))
  return value !== undefined && test(value)
}

/** What the parser has found already. */
const DIRECT: Readonly<Record<string, (entry: LogEntry) => unknown>> = {
  'client_id': ({client_id}) => client_id,
  'ip': ({ip}) => ip,
  'user_id': ({user_id}) => user_id,
  'user_agent': ({user_agent}) => user_agent,
  'client_name': ({client_name}) => client_name,
  'description': ({description}) => description,
  'details.request.channel': ({request}) => request?.channel,
  'details.request.method': ({request}) => request?.method,
  'details.request.path': ({request}) => request?.path,
  'details.request.auth.credentials.jti': ({request}) => request?.jti,
  'details.request.auth.user.email': ({request}) => request?.user_email,
  'details.access_token_jti': ({access_token_jti}) => access_token_jti,
  'references.correlation_id': ({correlation_id}) => correlation_id,
  'security_context.ja4': ({fingerprint, raw}) =>
    fingerprint === undefined ? undefined : at(raw, ['security_context', 'ja4'], 0),
  'security_context.ja3': ({fingerprint, raw}) =>
    fingerprint === undefined ? undefined : at(raw, ['security_context', 'ja3'], 0),
}

/** What stands at a path; a list when one stands on the way. */
export function reader(field: string): (entry: LogEntry) => unknown {
  const direct = DIRECT[field]
  if (direct) return direct
  const steps = field.split('.')
  const [only] = steps
  if (only !== undefined && steps.length === 1) return (entry) => (entry.raw as Record<string, unknown>)[only]
  return (entry) => at(entry.raw, steps, 0)
}

export function at(value: unknown, steps: readonly string[], from: number): unknown {
  let here = value
  for (let i = from; i < steps.length; i++) {
    if (Array.isArray(here)) return here.map((one) => at(one, steps, i)).filter((one) => one !== undefined)
    if (typeof here !== 'object' || here === null) return undefined
    const step = steps[i] ?? ''
    here = (here as Record<string, unknown>)[step]
  }
  return here
}
