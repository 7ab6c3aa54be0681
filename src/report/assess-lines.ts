import type {TenantSnapshot} from '../incident/tenant-snapshot.ts'
import {reachable, type TokenPath} from '../incident/token-paths.ts'
import {printable, quoted} from '../untrusted.ts'

/** Rows on one screen; the rest is counted. */
const ROWS = 8

interface Assessed {
  readonly leak: string
  readonly before: readonly TokenPath[]
  readonly after: readonly TokenPath[]
  readonly stays_open: readonly string[]
  readonly evidence_gaps: readonly {readonly what: string; readonly why: string}[]
  readonly next: readonly string[]
}

/** Who the client is, each way to a token now and after the plan, the open ones first, and what stays open. */
export function assessLines(found: Assessed, snapshot: TenantSnapshot): string[] {
  const {client} = snapshot
  const [was, will] = [reachable(found.before).length, reachable(found.after).length]
  const party =
    client.is_first_party === false
      ? `, third party${client.third_party_security_mode === undefined ? '' : ` (${printable(client.third_party_security_mode, 20)})`}`
      : ''
  const lines = [
    `Client:     ${client.client_id} ${quoted(client.name, 40)}${party}`,
    `Flows:      ${client.grant_types === undefined ? 'not visible: all are counted' : client.grant_types.map((type) => printable(type, 60)).join(', ') || 'none'}`,
    `Ways to a new token: ${was} open now, ${will} after the plan for a leaked ${found.leak}`,
  ]
  const rows = merged(found)
  const shown = rows.filter((row) => row.now === 'open' || row.then === 'open')
  for (const {now, then, path} of shown.slice(0, ROWS)) lines.push(`  ${now.padEnd(4)} -> ${then.padEnd(4)}  ${inWords(path)}`)
  if (shown.length > ROWS) lines.push(`  and ${shown.length - ROWS} more (--json)`)
  const shut = rows.length - shown.length
  if (shut > 0) lines.push(`  ${shut} more that are shut now and after, each with its reason: --json`)
  if (found.stays_open.length > 0)
    lines.push('Stays open after the plan:', ...found.stays_open.map((one) => `  - ${printable(one, 600)}`))
  else lines.push('After the plan nothing leads to a new token by what leaked.')
  if (found.evidence_gaps.length > 0)
    lines.push('Not known:', ...found.evidence_gaps.map((gap) => `  - ${printable(gap.what)}: ${printable(gap.why, 400)}`))
  return [...lines, 'Next:', ...found.next.map((step, index) => `  ${index + 1}. ${printable(step, 600)}`)]
}

type State = 'open' | 'shut'

/** What the plan changes, by the path's id; a path that only the plan makes was shut before. */
function merged({before, after}: Assessed): {now: State; then: State; path: TokenPath}[] {
  const then = new Map(after.map((path) => [path.id, path]))
  const was = new Set(before.map((path) => path.id))
  const state = (path: TokenPath | undefined): State => (path?.open === true ? 'open' : 'shut')
  return [
    ...before.map((path) => ({now: state(path), then: state(then.get(path.id)), path})),
    ...after.filter((path) => !was.has(path.id)).map((path) => ({now: 'shut' as const, then: state(path), path})),
  ].toSorted((a, b) => rank(a) - rank(b))
}

function rank(row: {now: State; then: State}): number {
  return row.then === 'open' ? 0 : row.now === 'open' ? 1 : 2
}

function inWords(path: TokenPath): string {
  const by = {
    client_grant: `own grant ${path.grant_id ?? ''}`,
    default_third_party_grant: `default grant ${path.grant_id ?? ''}`,
    allow_all: 'lets every application in',
  }[path.via]
  const holder = path.credential === 'none' ? 'anybody' : path.credential.replace('_', ' ')
  const whom =
    path.subject === 'client'
      ? 'in its own name'
      : `for users (${path.grant_types.map((type) => printable(type, 40)).join(', ')})`
  return `${printable(path.audience, 60)}: ${by}, by ${holder}${path.credential_id === undefined ? '' : ` ${path.credential_id}`}, ${whom}`
}
