import type {Finding, HuntResult} from '../incident/hunt/findings.ts'

/** What really happened, as the one who made it up knows it. */
export interface Truth {
  readonly log_id: string
  readonly by: 'attacker' | 'legitimate' | 'ours'
  readonly deed?: string
  readonly leaves?: {readonly kind: string; readonly id: string}
}

export interface HuntScore {
  /** Entries that the attacker left in the log, and those that a finding calls suspect or hostile. */
  readonly attacker_entries: number
  readonly found: number
  /** `found` / `attacker_entries`; 1 where there are none. */
  readonly recall: number
  /** Of the entries that findings call suspect or hostile: the attacker's share; 1 where there are none. */
  readonly precision: number
  /** The same for hostile alone. */
  readonly hostile_precision: number
  /** Entries of legitimate services and administrators that a finding calls hostile. */
  readonly legitimate_called_hostile: number
  /** Entries of ours that a finding calls suspect or hostile. */
  readonly ours_called_bad: number
  /** Things left behind, and those that the inventory has. */
  readonly left_behind: number
  readonly in_inventory: number
  /** What was missed, in words, each once. */
  readonly missed: readonly string[]
}

/** Holds a hunt against what really happened. */
export function scoreHunt(truth: Iterable<Truth>, result: Pick<HuntResult, 'findings' | 'inventory'>): HuntScore {
  const bad = idsOf(result.findings, (one) => one.verdict === 'hostile' || one.verdict === 'suspect')
  const hostile = idsOf(result.findings, (one) => one.verdict === 'hostile')
  const items = new Set(result.inventory.map(({object}) => `${object?.kind}:${object?.id}`))
  const missed = new Set<string>()
  const left = new Set<string>()
  let attacker = 0
  let found = 0
  let foundHostile = 0
  let legitimate = 0
  let ours = 0
  for (const {log_id, by, deed, leaves} of truth) {
    if (by === 'legitimate' && hostile.has(log_id)) legitimate++
    if (by === 'ours' && bad.has(log_id)) ours++
    if (by !== 'attacker') continue
    attacker++
    if (bad.has(log_id)) found++
    else missed.add(deed ?? log_id)
    if (hostile.has(log_id)) foundHostile++
    if (leaves) left.add(`${leaves.kind}:${leaves.id}`)
  }
  for (const one of left) if (!items.has(one)) missed.add(`not in the inventory: ${one}`)
  return {
    attacker_entries: attacker,
    found,
    recall: share(found, attacker),
    precision: share(found, bad.size),
    hostile_precision: share(foundHostile, hostile.size),
    legitimate_called_hostile: legitimate,
    ours_called_bad: ours,
    left_behind: left.size,
    in_inventory: [...left].filter((one) => items.has(one)).length,
    missed: [...missed],
  }
}

function idsOf(findings: readonly Finding[], wanted: (finding: Finding) => boolean): Set<string> {
  return new Set(findings.filter(wanted).flatMap(({log_ids}) => log_ids))
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole
}
