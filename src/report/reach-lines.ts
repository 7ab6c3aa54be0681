import {printable} from '../untrusted.ts'

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
export function reachLines(
  ranked: readonly {readonly scope: string; readonly severity: string; readonly means: string}[],
  reach: ReachFacts,
  most = 4,
): string[] {
  if (ranked.length === 0) return []
  const counts = Object.entries(reach.counts).filter(([, count]) => count > 0)
  return [
    `It can do (scopes, worst first): ${counts.map(([severity, count]) => `${count} ${severity}`).join(', ')}`,
    ...ranked
      .slice(0, most)
      .map(({scope, severity, means}) => cut(`  ${severity.padEnd(8)}  ${printable(scope, 60)}: ${printable(means, 200)}`)),
    ...(ranked.length > most ? [`  and ${ranked.length - most} more (--json)`] : []),
    ...followed('  reads more secrets: ', reach.secrets),
    ...followed('  could leave behind: ', reach.persistence),
    ...followed('  could hide by:      ', reach.tracks),
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
  return [cut(shown < words.length ? `${line} (+${words.length - shown})` : line)]
}

function cut(line: string): string {
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 3)}...`
}
