import {apiError, Refusal, type Wire} from './wire.ts'

/**
 * The part of Auth0's log search syntax that responders use: `field:value`, `field:"exact value"`, `*` wildcards,
 * ranges `[a TO b]` and `{a TO b}` with `*` as an open end, AND, OR, NOT and parentheses. Case sensitive, whole values.
 *
 * @see https://auth0.com/docs/deploy-monitor/logs/log-search-query-syntax
 */
export type Predicate = (entry: Wire) => boolean

const SEARCHABLE = [
  'client_id',
  'client_name',
  'connection',
  'connection_id',
  'description',
  'date',
  'hostname',
  'ip',
  'log_id',
  'organization_id',
  'user_id',
  'user_name',
  'user_agent',
  'strategy',
  'strategy_type',
  'type',
]

const MAX_QUERY = 4000
const TOKEN =
  /\s*(?:(\()|(\))|(AND|OR|NOT)(?=[\s(]|$)|([A-Za-z_.]+):([[{][^\]}]*[\]}]|"(?:[^"\\]|\\.)*"|[^\s()]+)|("(?:[^"\\]|\\.)*"|[^\s()]+))/gy

type Token = {kind: '(' | ')' | 'AND' | 'OR' | 'NOT'} | {kind: 'term'; field: string | undefined; value: string}

export function parseLogQuery(text: string): Predicate {
  if (text.length > MAX_QUERY) throw new Refusal(apiError(414, 'Request-URI Too Large'))
  const tokens = tokenize(text)
  let at = 0
  const peek = () => tokens[at]?.kind
  const either = (): Predicate => {
    let left = both()
    while (peek() === 'OR') {
      at++
      const [a, b] = [left, both()]
      left = (entry) => a(entry) || b(entry)
    }
    return left
  }
  const both = (): Predicate => {
    let left = one()
    while (at < tokens.length && peek() !== 'OR' && peek() !== ')') {
      if (peek() === 'AND') at++
      const [a, b] = [left, one()]
      left = (entry) => a(entry) && b(entry)
    }
    return left
  }
  const one = (): Predicate => {
    const token = tokens[at++]
    if (token?.kind === 'NOT') {
      const inner = one()
      return (entry) => !inner(entry)
    }
    if (token?.kind === '(') {
      const inner = either()
      if (tokens[at++]?.kind !== ')') throw malformed()
      return inner
    }
    if (token?.kind !== 'term') throw malformed()
    return term(token.field, token.value)
  }
  const whole = either()
  if (at !== tokens.length) throw malformed()
  return whole
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text)
    if (!match) throw malformed()
    const [, open, close, word, field, value, bare] = match
    if (open) tokens.push({kind: '('})
    else if (close) tokens.push({kind: ')'})
    else if (word) tokens.push({kind: word as 'AND' | 'OR' | 'NOT'})
    else if (bare?.endsWith(':')) throw malformed()
    else tokens.push({kind: 'term', field, value: value ?? bare ?? ''})
  }
  return tokens
}

function malformed(): Refusal {
  return new Refusal(apiError(400, 'Query syntax error', 'invalid_query_string'))
}

function term(field: string | undefined, value: string): Predicate {
  const fields = field === undefined ? SEARCHABLE : [field]
  if (field !== undefined && !SEARCHABLE.includes(field)) return () => false
  const test = /^[[{]/.test(value) ? range(value) : matcher(value)
  return (entry) => fields.some((name) => typeof entry[name] === 'string' && test(entry[name]))
}

function matcher(value: string): (text: string) => boolean {
  if (value.startsWith('"')) {
    const exact = value.slice(1, -1).replaceAll(/\\(.)/g, '$1')
    return (text) => text === exact
  }
  if (!value.includes('*')) return (text) => text === value
  const parts = value.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`^${parts.join('.*')}$`)
  return (text) => pattern.test(text)
}

function range(value: string): (text: string) => boolean {
  const match = /^[[{]\s*(\S+)\s+TO\s+(\S+)\s*[\]}]$/.exec(value)
  if (!match?.[1] || !match[2]) throw malformed()
  const [low, high] = [bound(match[1]), bound(match[2], value.endsWith(']'))]
  const openLow = value.startsWith('{')
  const openHigh = value.endsWith('}')
  return (text) => {
    const at = Date.parse(text)
    if (!Number.isFinite(at)) return false
    if (low !== undefined && (openLow ? at <= low : at < low)) return false
    return high === undefined || (openHigh ? at < high : at <= high)
  }
}

/** A date, or a day taken to its last millisecond at the upper end of a closed range; undefined for `*`. */
function bound(text: string, lastOfDay = false): number | undefined {
  const plain = text.replaceAll('"', '')
  if (plain === '*') return undefined
  const ms = Date.parse(plain)
  if (!Number.isFinite(ms)) throw malformed()
  return lastOfDay && /^\d{4}-\d{2}-\d{2}$/.test(plain) ? ms + 86_399_999 : ms
}
