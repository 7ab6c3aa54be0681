import {StanchError} from '../../errors.ts'

/** What a record may hold: integers, well-formed text, and lists and objects of these. */
export type Json = string | number | boolean | null | readonly Json[] | {readonly [member: string]: Json}

type Leaf = 'text' | 'int' | 'texts' | 'json'
interface Shape {
  readonly [member: string]:
    | `${Leaf}`
    | `${Leaf}?`
    | {readonly [member: string]: `${Leaf}` | `${Leaf}?`}
    | readonly [{readonly [member: string]: `${Leaf}` | `${Leaf}?`}]
}

/**
 * The members of each kind beyond the envelope and the common ones, in the order in which they are written.
 * A `?` marks what may be left out; an object in brackets may be left out as a whole. A writer refuses all else.
 */
export const KINDS = {
  'log.open': {
    format: 'text',
    mode: 'text',
    origin: 'text',
    vkey: 'text',
    epoch: 'int',
    epoch_vkey: 'text',
    segment: 'int',
    continues: [{origin: 'text', size: 'int', root: 'text'}],
    reason: 'text?',
  },
  'log.recovered': {signed_size: 'int', tail_from: 'int', torn_bytes: 'int', torn_sha256: 'text?'},
  'log.close': {reason: 'text', next: 'text?'},
  'key.epoch': {epoch: 'int', epoch_vkey: 'text'},
  'session.open': {
    actor_source: 'text',
    host: 'text',
    os_user: 'text',
    pid: 'int',
    tool: 'text',
    node: 'text',
    platform: 'text',
    argv: 'json?',
    build: 'text?',
  },
  'session.close': {reason: 'text'},
  auth: {client_id: 'text?', scopes: 'texts', exp: 'int?', jti: 'text?', subject: 'text?'},
  'incident.open': {
    title: 'text',
    leak: 'text',
    role: 'text',
    follows: 'text?',
    lead_origin: 'text?',
    ticket: 'text?',
    severity: 'text?',
    environment: 'text?',
    found_at: 'text?',
    aware_at: 'text?',
    detected_at: 'text?',
    leaked_at: 'text?',
  },
  'incident.update': {
    follows: 'text?',
    lead_origin: 'text?',
    ticket: 'text?',
    severity: 'text?',
    environment: 'text?',
    found_at: 'text?',
    aware_at: 'text?',
    detected_at: 'text?',
    leaked_at: 'text?',
  },
  'incident.close': {all_clear_at: 'text', summary: 'text?', disposition: 'text?', cause: 'text?', lessons: 'text?'},
  plan: {plan_sha256: 'text', evidence: 'json', runbook: [{id: 'text', version: 'json', sha256: 'text'}]},
  intent: {
    req: {method: 'text', path: 'text'},
    before: 'text?',
    state: 'text?',
    phase: 'text?',
    step: 'text?',
    plan_sha256: 'text?',
    why: 'text?',
    undo: 'text?',
  },
  outcome: {
    corr: 'text',
    result: 'text',
    res: [{status: 'int?', ms: 'int?', date: 'text?'}],
    after: 'text?',
    error: [{code: 'text?', text: 'text?'}],
  },
  settle: {result: 'text', by: 'text', evidence: 'json?'},
  observe: {
    finding: 'text',
    probe: 'text?',
    count: 'int?',
    first_at: 'text?',
    last_at: 'text?',
    verdict: 'text?',
    evidence: 'json?',
  },
  gap: {what: 'text', why: 'text'},
  decision: {question: 'text', answer: 'json', choices: 'json?', plan_sha256: 'text?', waiver_until: 'text?'},
  approval: {plan_sha256: 'text?', by: 'text', via: 'text'},
  note: {text: 'text'},
  'peer.seen': {origin: 'text', size: 'int', root: 'text'},
  'witness.cosigned': {origin: 'text', size: 'int', root: 'text'},
  anchor: {size: 'int', root: 'text', type: 'text', receipt_sha256: 'text?'},
  reconcile: {from: 'text', to: 'text', covered_to: 'text', matched: 'int', findings: 'json', evidence: 'json?'},
  export: {to: 'text', form: 'text', sha256: 'text', size: 'int'},
  deliver: {sink: 'text', result: 'text', fingerprint: 'text?'},
} as const satisfies Record<string, Shape>

export type Kind = keyof typeof KINDS

const NAMES: ReadonlySet<string> = new Set(Object.keys(KINDS))

export function isKind(kind: string): kind is Kind {
  return NAMES.has(kind)
}

/** Members that several kinds share; the four that a kind cannot do without stand in `NEEDS`. They come first, in this order. */
const COMMON = {op: 'text?', try: 'int?', intent: 'int?', action: 'text?', tenant: 'text?', target: 'text?'} as const
/** `intent` and `action` belong to these kinds only; the other common members fit every kind that has a session. */
const WITH_INTENT: readonly Kind[] = ['outcome', 'settle']
const WITH_ACTION: readonly Kind[] = ['intent', 'outcome', 'observe']

const NEEDS = {
  auth: ['tenant'],
  'incident.open': ['tenant'],
  intent: ['op', 'try', 'action', 'tenant', 'target'],
  outcome: ['op', 'try', 'intent', 'action'],
  settle: ['op', 'intent'],
  observe: ['action'],
  reconcile: ['tenant'],
  deliver: ['op'],
} as const satisfies {[K in Kind]?: readonly (keyof typeof COMMON)[]}

/** Kinds that say something about the log itself: they carry no session. */
export function hasSession(kind: string): boolean {
  return !kind.startsWith('log.') && !kind.startsWith('key.')
}

type ValueOf<S> = S extends 'text' | 'text?'
  ? string
  : S extends 'int' | 'int?'
    ? number
    : S extends 'texts' | 'texts?'
      ? readonly string[]
      : S extends 'json' | 'json?'
        ? Json
        : S extends readonly [infer O]
          ? MembersOf<O>
          : MembersOf<S>
type IsOptional<S> = S extends `${string}?` | readonly [unknown] ? true : false
type MembersOf<T> = {readonly [M in keyof T as IsOptional<T[M]> extends true ? never : M]: ValueOf<T[M]>} & {
  readonly [M in keyof T as IsOptional<T[M]> extends true ? M : never]?: ValueOf<T[M]> | undefined
}

type Needed<K extends Kind> = K extends keyof typeof NEEDS ? (typeof NEEDS)[K][number] : never
type CommonOf<K extends Kind> = {readonly [M in Needed<K>]: ValueOf<(typeof COMMON)[M]>} & {
  readonly [M in Exclude<keyof typeof COMMON, Needed<K>>]?: ValueOf<(typeof COMMON)[M]> | undefined
}

/** One record as its author sees it: without envelope, session and numbers. */
export type DraftOf<K extends Kind> = {
  [P in K]: {readonly kind: P; readonly inc?: string | undefined} & CommonOf<P> & MembersOf<(typeof KINDS)[P]>
}[K]

const OP = /^[A-Za-z0-9._-]{1,64}$/
const MAX_NOTE = 4096

/** One member of a kind, as its shape says. */
interface Field {
  readonly member: string
  readonly optional: boolean
  /** what it holds, or the members of the object that it is */
  readonly holds: Leaf | readonly Field[]
}

interface Layout {
  readonly known: ReadonlySet<string>
  /** in the order in which they are written */
  readonly fields: readonly Field[]
}

const layouts = new Map<string, Layout>()

/** What a record of this kind looks like; worked out once. */
function layoutOf(kind: Kind): Layout {
  const made = layouts.get(kind)
  if (made) return made
  const needs = (NEEDS as {[kind: string]: readonly string[]})[kind] ?? []
  const common = hasSession(kind)
    ? fieldsOf(COMMON).filter(
        ({member}) => (member !== 'intent' || WITH_INTENT.includes(kind)) && (member !== 'action' || WITH_ACTION.includes(kind)),
      )
    : []
  const fields = [...common.map((field) => ({...field, optional: !needs.includes(field.member)})), ...fieldsOf(KINDS[kind])]
  const layout = {known: new Set(['kind', 'inc', ...fields.map(({member}) => member)]), fields}
  layouts.set(kind, layout)
  return layout
}

function fieldsOf(shape: Shape): Field[] {
  return Object.entries(shape).map(([member, type]) => {
    if (typeof type === 'string') return {member, optional: type.endsWith('?'), holds: type.replace('?', '') as Leaf}
    return Array.isArray(type)
      ? {member, optional: true, holds: fieldsOf(type[0] as Shape)}
      : {member, optional: false, holds: fieldsOf(type as Shape)}
  })
}

/**
 * The members of a draft in the order in which they are written, after those of `first`. Members that are undefined are
 * left out.
 *
 * @throws {StanchError} `E_SCHEMA` for an unknown kind or member, a missing one, or a value of the wrong type
 */
export function orderedMembers(
  draft: {readonly kind: string; readonly [member: string]: unknown},
  first: {readonly [member: string]: Json} = {},
): Record<string, Json> {
  const {kind} = draft
  if (!isKind(kind)) throw schema(`unknown kind "${String(kind)}"`)
  const {known, fields} = layoutOf(kind)
  for (const member of Object.keys(draft)) if (!known.has(member)) throw schema(`${kind} has no member "${member}"`)
  const out: Record<string, Json> = {...first}
  putAll(out, kind, draft, fields)
  checkRules(kind, out)
  return out
}

function putAll(
  out: Record<string, Json>,
  where: string,
  from: {readonly [member: string]: unknown},
  fields: readonly Field[],
): void {
  for (const {member, optional, holds} of fields) {
    const value = from[member]
    if (value === undefined) {
      if (!optional) throw schema(`${where} needs "${member}"`)
    } else if (typeof holds === 'string') {
      if (!isLeaf(value, holds)) throw schema(`"${member}" of ${where} has the wrong type`)
      out[member] = value as Json
    } else {
      out[member] = innerOf(where, member, value, holds)
    }
  }
}

function innerOf(kind: string, member: string, value: unknown, fields: readonly Field[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw schema(`"${member}" of ${kind} has the wrong type`)
  for (const name of Object.keys(value)) {
    if (!fields.some((field) => field.member === name)) throw schema(`"${member}" of ${kind} has no member "${name}"`)
  }
  const inner: Record<string, Json> = {}
  putAll(inner, `${kind}.${member}`, value as {readonly [member: string]: unknown}, fields)
  return inner
}

function isLeaf(value: unknown, leaf: Leaf): boolean {
  switch (leaf) {
    case 'text':
      return typeof value === 'string'
    case 'int':
      return Number.isSafeInteger(value)
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'json':
      return true
  }
}

const CHOICES: {[member: string]: {[value: string]: readonly string[]}} = {
  outcome: {result: ['ok', 'failed', 'refused', 'unknown']},
  settle: {result: ['ok', 'not_done'], by: ['tenant-log', 'state']},
  deliver: {result: ['ok', 'failed']},
  'incident.open': {role: ['lead', 'join']},
}

function checkRules(kind: Kind, members: Record<string, Json>): void {
  const {op, text} = members
  if (typeof op === 'string' && !OP.test(op)) throw schema(`"op" of ${kind} is not an operation id`)
  for (const [member, values] of Object.entries(CHOICES[kind] ?? {})) {
    if (!values.includes(members[member] as string)) throw schema(`"${member}" of ${kind} is none of ${values.join(', ')}`)
  }
  if (kind === 'note' && typeof text === 'string' && text.length > MAX_NOTE)
    throw schema(`a note has at most ${MAX_NOTE} characters`)
}

function schema(detail: string): StanchError {
  return new StanchError('E_SCHEMA', `Not a record of the trail: ${detail}.`)
}
