import type {World} from './state.ts'
import {invalidQuery} from './validation.ts'
import {apiError, Refusal, type Answer, type Wire} from './wire.ts'

const DEFAULT_PER_PAGE = 50
const MAX_PER_PAGE = 100

export interface Paged {
  readonly seq: number
  readonly wire: Wire
}

/**
 * A list in the page form that was asked for: a bare array, `{start, limit, total, <key>}`, or with `take` or `from`
 * `{<key>, next?}` (checkpoint form wins, without totals).
 */
export function page(world: World, query: URLSearchParams, key: string, items: readonly Paged[], checkpoint = true): Answer {
  if (checkpoint && (query.has('take') || query.has('from'))) return checkpointPage(query, key, items)
  const limit = perPage(world, query)
  const start = integer(query, 'page', 0, 0, Number.MAX_SAFE_INTEGER) * limit
  const found = items.slice(start, start + limit).map(({wire}) => wire)
  if (query.get('include_totals') !== 'true') return {status: 200, body: found}
  return {status: 200, body: {total: items.length, start, limit, [key]: found}}
}

function checkpointPage(query: URLSearchParams, key: string, items: readonly Paged[]): Answer {
  const take = integer(query, 'take', DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)
  const from = query.get('from')
  const after = from === null ? 0 : seqOf(from)
  const rest = items.filter(({seq}) => seq > after)
  const found = rest.slice(0, take)
  const last = found.at(-1)
  const next = rest.length > take && last ? Buffer.from(JSON.stringify({after: last.seq})).toString('base64url') : undefined
  return {status: 200, body: {[key]: found.map(({wire}) => wire), ...(next ? {next} : {})}}
}

function seqOf(from: string): number {
  try {
    const value: unknown = JSON.parse(Buffer.from(from, 'base64url').toString('utf8'))
    const after = (value as {after?: unknown}).after
    if (typeof after === 'number') return after
  } catch {
    // Falls through to the refusal: it is not one of our values.
  }
  throw new Refusal(apiError(400, 'The specified "from" value is not valid.', 'invalid_query_string'))
}

export function perPage(world: World, query: URLSearchParams): number {
  if (world.behaviour.per_page_over_limit === 'clamp' && Number(query.get('per_page')) > DEFAULT_PER_PAGE) return DEFAULT_PER_PAGE
  return integer(query, 'per_page', DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)
}

export function integer(query: URLSearchParams, name: string, fallback: number, min: number, max: number): number {
  const text = query.get(name)
  if (text === null || text === '') return fallback
  if (!/^\d{1,15}$/.test(text)) throw invalidQuery(`'Expected type integer but found type string' on property ${name}`)
  const value = Number(text)
  if (value < min) throw invalidQuery(`'Value ${value} is less than minimum ${min}' on property ${name}`)
  if (value > max) throw invalidQuery(`'Value ${value} is greater than maximum ${max}' on property ${name}`)
  return value
}

/** `fields` and `include_fields`: undefined when all are wanted. */
export function wantedFields(query: URLSearchParams): {names: readonly string[]; include: boolean} | undefined {
  const text = query.get('fields')
  if (!text) return undefined
  return {names: text.split(',').map((one) => one.trim()), include: query.get('include_fields') !== 'false'}
}

export function pick(wire: Wire, wanted: {names: readonly string[]; include: boolean} | undefined): Wire {
  if (!wanted) return wire
  return Object.fromEntries(Object.entries(wire).filter(([name]) => wanted.names.includes(name) === wanted.include))
}
