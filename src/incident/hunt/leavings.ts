import type {LogEntry} from '../../auth0/resources/log-entry.ts'
import {shellWord} from '../../untrusted.ts'
import {at} from './condition.ts'
import type {Leaves} from './hunt.ts'

export interface Left {
  readonly kind: string
  readonly id: string
  readonly remove: string
  /** `delete /api/v2/...`: requests that take it away or replace it. */
  readonly closers: readonly string[]
}

/** Ids that may stand in a command: what an attacker could choose freely is not pasted into a shell. */
const PLAIN = /^[A-Za-z0-9_|.:@+%/-]{1,200}$/

/** What an act left behind. */
export function leftBy(leaves: Leaves | undefined, entry: LogEntry): Left | undefined {
  if (!leaves) return undefined
  const id = idOf(leaves, entry) ?? ''
  const client = namedClient(entry)
  const written = leaves.remove.includes('stanch ') ? shellWord : (text: string) => text
  const remove = leaves.remove
    .replaceAll('{id}', PLAIN.test(id) ? written(id) : `of log entry ${entry.log_id}`)
    .replaceAll('{client}', client !== undefined && PLAIN.test(client) ? written(client) : 'CLIENT')
  const closers: string[] = []
  if (leaves.path !== undefined && id !== '') closers.push(`delete ${leaves.path.replace('{id}', id)}`)
  if (leaves.renewed !== undefined && id !== '') closers.push(`post ${leaves.renewed.replace('{id}', id)}`)
  return {kind: leaves.kind, id: id === '' ? entry.log_id : id, remove, closers}
}

/** One for each hunt, made at its first hit. */
const PATTERNS = new Map<string, RegExp>()

function idOf(leaves: Leaves, entry: LogEntry): string | undefined {
  for (const field of leaves.id ?? []) {
    const value = at(entry.raw, field.split('.'), 0)
    const one: unknown = Array.isArray(value) ? value[0] : value
    if (typeof one === 'string' && one !== '') return one
    if (typeof one === 'number') return String(one)
  }
  if (leaves.in_path === undefined) return undefined
  let pattern = PATTERNS.get(leaves.in_path)
  if (!pattern) PATTERNS.set(leaves.in_path, (pattern = new RegExp(leaves.in_path, 'u')))
  const found = pattern.exec(entry.request?.path ?? '')?.[1]
  return found === undefined ? undefined : decoded(found)
}

/** The client that a request of the Management API is about, by its answer, its body or its path. */
export function namedClient(entry: LogEntry): string | undefined {
  if (entry.request === undefined) return undefined
  for (const field of [
    ['details', 'response', 'body', 'client_id'],
    ['details', 'request', 'body', 'client_id'],
  ]) {
    const value = at(entry.raw, field, 0)
    if (typeof value === 'string' && value !== '') return value
  }
  const found = /^\/api\/v2\/clients\/([^/?]+)/.exec(entry.request.path ?? '')?.[1]
  return found === undefined ? undefined : decoded(found)
}

/** What an entry says, for a sentence; the same for entries that belong together. Holds tenant text. */
export function textOf(entry: LogEntry): string {
  const {method, path} = entry.request ?? {}
  if (path !== undefined && (entry.type === 'sapi' || entry.type === 'mgmt_api_read'))
    return `${(method ?? '').toUpperCase()} ${templateOf(path)}`.trim()
  if (entry.type === 'seccft') return `tokens for ${entry.audience ?? 'an unknown API'}`
  if (entry.type === 'feccft')
    return `refused${entry.audience === undefined ? '' : ` for ${entry.audience}`}: ${entry.description ?? ''}`
  return entry.type
}

/** A path with its ids left out: what two requests of the same kind share. */
export function templateOf(path: string): string {
  const query = path.indexOf('?')
  const stop = query < 0 ? path.length : query
  let template = ''
  let kept = 0
  for (let from = path.indexOf('/'); from >= 0 && from < stop;) {
    const slash = path.indexOf('/', from + 1)
    const end = slash < 0 || slash > stop ? stop : slash
    if (end > from + 1 && !isWord(path, from + 1, end)) {
      template += `${path.slice(kept, from)}/{id}`
      kept = end
    }
    from = end
  }
  return kept === 0 ? path.slice(0, stop) : template + path.slice(kept, stop)
}

/** A plain word of the API's own, or its version. */
function isWord(path: string, from: number, to: number): boolean {
  if (to - from > 40) return false
  if (path.startsWith('v2', from) && to - from === 2) return true
  for (let i = from; i < to; i++) {
    const code = path.codePointAt(i) ?? 0
    if ((code < 97 || code > 122) && code !== 45) return false
  }
  return true
}

/** Ids are percent-encoded in paths; a malformed one stays as it is. */
export function decoded(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
