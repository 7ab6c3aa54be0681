import {printable} from '../untrusted.ts'
import {cutToWidth} from './width.ts'

/** What is known of scopes: `auth0/reach.ts` and `auth0/scopes.ts` make it, this room only lays it out. */
export interface ReachFacts {
  readonly counts: Readonly<Record<'critical' | 'high' | 'medium' | 'low', number>>
  readonly secrets: readonly {readonly what: string}[]
  readonly persistence: readonly {readonly what: string}[]
  readonly tracks: readonly {readonly what: string}[]
}

/** Columns of a line, so that one screen of 80 columns shows it unbroken. */
const WIDTH = 78

/** How bad, then the worst scopes in words, then what follows from them: one screen, the worst first. */
export function reachLines(ranked: readonly RankedScope[], reach: ReachFacts, most = 4): string[] {
  const more = ranked.length > most ? [`  and ${ranked.length - most} more (--json)`] : []
  const parts = reachParts(ranked, reach)
  if (parts.length === 0) return []
  const [head, scopes, followed] = parts
  return [head, ...scopes.lines.slice(0, most), ...more, ...followed.lines]
}

interface RankedScope {
  readonly scope: string
  readonly severity: string
  readonly means: string
}

interface Group {
  readonly lines: readonly string[]
  readonly least: number
}

/** The same in groups that give way on a short screen: of each the first line, which is the worst, stays. */
export function reachParts(
  ranked: readonly RankedScope[],
  reach: ReachFacts,
): readonly [] | readonly [head: string, scopes: Group, followed: Group] {
  if (ranked.length === 0) return []
  const counts = Object.entries(reach.counts).filter(([, count]) => count > 0)
  return [
    `It can do (scopes, worst first): ${counts.map(([severity, count]) => `${count} ${severity}`).join(', ')}`,
    {
      least: 1,
      lines: ranked.map(({scope, severity, means}) =>
        cutToWidth(`  ${severity.padEnd(8)}  ${printable(scope, 60)}: ${printable(means, 200)}`, WIDTH),
      ),
    },
    {
      least: 1,
      lines: [
        ...followed('  reads more secrets: ', reach.secrets),
        ...followed('  could leave behind: ', reach.persistence),
        ...followed('  could hide by:      ', reach.tracks),
      ],
    },
  ]
}

/** As many as fit into one line; the rest is counted. */
function followed(head: string, all: readonly {readonly what: string}[]): string[] {
  const words = [...new Set(all.map((one) => printable(one.what, 120)))]
  if (words.length === 0) return []
  let line = head + (words[0] ?? '')
  let shown = 1
  while (shown < words.length && line.length + (words[shown] ?? '').length + 2 + ' (+99)'.length <= WIDTH)
    line += `; ${words[shown++]}`
  return [cutToWidth(shown < words.length ? `${line} (+${words.length - shown})` : line, WIDTH)]
}
