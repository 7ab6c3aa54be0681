import {parseLogQuery} from './log-query.ts'
import {integer, perPage, pick, wantedFields} from './paging.ts'
import type {World} from './state.ts'
import {apiError, copy, Refusal, type Answer, type Call, textOf, type Wire} from './wire.ts'

/** Search mode ends here, whatever the page. */
const MAX_HITS = 1000
const MAX_TAKE = 100

/** GET logs: with `from` or `take` by checkpoint (everything else is ignored), else by search. */
export function listLogs(world: World, call: Call): Answer {
  return call.query.has('from') || call.query.has('take') ? checkpoint(world, call) : search(world, call)
}

function checkpoint(world: World, call: Call): Answer {
  const take = Math.min(MAX_TAKE, integer(call.query, 'take', MAX_TAKE, 1, Number.MAX_SAFE_INTEGER))
  const from = call.query.get('from') ?? ''
  const found = world.logs.after(from, take)
  const last = found.at(-1)?.['log_id']
  const link = `<${world.origin}/api/v2/logs?from=${encodeURIComponent(textOf(last, from))}&take=${take}>; rel="next"`
  return {status: 200, body: found, headers: {link}}
}

function search(world: World, call: Call): Answer {
  const {query} = call
  const text = query.get('q') ?? query.get('search')
  const matches = text ? parseLogQuery(text) : () => true
  const ascending = query.get('sort') === 'date:1'
  const limit = perPage(world, query)
  const start = integer(query, 'page', 0, 0, Number.MAX_SAFE_INTEGER) * limit
  const wanted = wantedFields(query)
  const hits = world.logs
    .search(matches)
    .sort((a, b) => (ascending ? 1 : -1) * byDate(a, b))
    .slice(0, MAX_HITS)
  const logs = hits.slice(start, start + limit).map((entry) => pick(copy(entry), wanted))
  if (query.get('include_totals') !== 'true') return {status: 200, body: logs}
  return {status: 200, body: {start, limit, length: logs.length, total: logs.length, logs}}
}

/** Dates of one form sort as text. */
function byDate(a: Wire, b: Wire): number {
  const [left, right] = [String(a['date']), String(b['date'])]
  return left < right ? -1 : left > right ? 1 : 0
}

export function getLog(world: World, call: Call): Answer {
  const [entry] = world.logs.search(({log_id}) => log_id === call.params['id'])
  if (!entry) throw new Refusal(apiError(404, 'Log not found.', 'inexistent_log'))
  return {status: 200, body: entry}
}
