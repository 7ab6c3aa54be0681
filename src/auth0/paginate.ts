import type {Query} from './management-api.ts'
import {unexpected} from './resources/reading.ts'

/** Auth0 documents 50 for the public cloud and 100 in its OpenAPI: ask for the one every tenant gives. */
export const PAGE = 50
/** A tenant that never ends its list ends here: 2,000 pages are 100,000 items. */
const MAX_PAGES = 2000

export type GetPage = (query: Query) => Promise<unknown>

/**
 * Checkpoint paging (`take`, `from`, `next`): the form without an upper limit.
 * A tenant that ignores it and answers in the other form is read in the other form.
 */
export async function* checkpointItems(get: GetPage, key: string): AsyncGenerator<unknown> {
  const seen = new Set<string>()
  let from: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = await get({take: PAGE, from})
    if (Array.isArray(body) || (isObject(body) && 'total' in body)) {
      if (page > 0) throw unexpected(`${key}.next`, 'the same form of page as before')
      yield* offsetItems(get, key)
      return
    }
    yield* itemsOf(body, key)
    const next = (body as {next?: unknown}).next
    if (next === undefined || next === null || next === '') return
    if (typeof next !== 'string' || seen.has(next)) throw unexpected(`${key}.next`, 'a value that leads on')
    seen.add(next)
    from = next
  }
  throw unexpected(`${key}.next`, `at most ${MAX_PAGES} pages`)
}

/** Offset paging (`page`, `per_page`, `include_totals`), meant for up to about 1,000 items. */
export async function* offsetItems(get: GetPage, key: string): AsyncGenerator<unknown> {
  let read = 0
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = await get({page, per_page: PAGE, include_totals: true})
    const items = itemsOf(body, key)
    yield* items
    read += items.length
    const total = isObject(body) ? body['total'] : undefined
    // Without totals the only sign of the end is a page that is not full; a tenant may give less than was asked for.
    if (items.length === 0 || (typeof total === 'number' ? read >= total : items.length < PAGE)) return
  }
  throw unexpected(key, `at most ${MAX_PAGES} pages`)
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

function itemsOf(body: unknown, key: string): readonly unknown[] {
  const items = Array.isArray(body) ? body : isObject(body) ? body[key] : undefined
  if (!Array.isArray(items)) throw unexpected(key, 'Array')
  return items
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
