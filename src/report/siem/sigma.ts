import {hash} from 'node:crypto'

import type {Condition, SetName, Sets} from '../../incident/hunt/condition.ts'
import {SETS} from '../../incident/hunt/condition.ts'
import type {Detection, Hunt} from '../../incident/hunt/hunt.ts'
import {safeJson} from '../../untrusted.ts'

/** Members of a Sigma rule, in the order in which they are written. */
type Yaml = string | number | boolean | null | readonly Yaml[] | {readonly [member: string]: Yaml}

/** Auth0's streams and its own detections have an entry below `data`. */
const PREFIX = 'data.'

const LEVELS = {act: 'high', trace: 'medium', note: 'low'} as const

/**
 * A hunt as Sigma rules, one YAML document a detection, with a correlation document behind it where it takes several
 * entries. What an incident knows stands in the rule; what is not known is a placeholder (`expand`) of the same name.
 *
 * @see https://sigmahq.io/sigma-specification/ (version 2.0.0)
 */
export function sigmaOf(hunt: Hunt, sets: Sets = {}): string {
  return hunt.detections
    .flatMap((detection, index) => rulesOf(hunt, detection, index, sets))
    .map((rule) => `${lines(rule, 0).join('\n')}\n`)
    .join('---\n')
}

function rulesOf(hunt: Hunt, detection: Detection, index: number, sets: Sets): Yaml[] {
  const name = `stanch_${hunt.id.toLowerCase()}_${index + 1}`
  const writer = new Writer(sets)
  const parts = [
    ...(detection.events === 'any' ? [] : [writer.selection({[`${PREFIX}type`]: list(detection.events)})]),
    ...(detection.where ? [writer.condition(detection.where)] : []),
  ].filter((part) => part !== undefined)
  // Sigma needs a selection: every entry has an id.
  if (parts.length === 0) parts.push(writer.selection({[`${PREFIX}log_id|exists`]: true}))
  if (detection.behind)
    writer.notes.push(`Sigma cannot compare ${PREFIX}${detection.behind.counter} with an earlier entry: all count.`)
  const rule = {
    title: hunt.detections.length === 1 ? `${hunt.id} ${hunt.title}` : `${hunt.id} ${hunt.title} (${index + 1})`,
    id: uuidOf(`${name} rule`),
    name,
    status: 'experimental',
    description: [hunt.question, hunt.meaning, `From ${hunt.source}.`, ...new Set(writer.notes)].join(' '),
    author: 'stanch',
    logsource: {product: 'auth0', service: 'tenant_log'},
    detection: {...writer.selections, condition: joined(parts, 'and')},
    falsepositives: ['the service or administrator whose daily work this is'],
    level: LEVELS[hunt.weight],
  }
  const {at_least} = detection
  if (!at_least) return [rule]
  return [
    rule,
    {
      title: `${hunt.id} ${hunt.title} (${index + 1}): ${at_least.count} or more`,
      id: uuidOf(`${name} correlation`),
      status: 'experimental',
      correlation: {
        type: at_least.distinct === undefined ? 'event_count' : 'value_count',
        rules: [name],
        'group-by': [`${PREFIX}${at_least.by}`],
        timespan: timespan(at_least.within_seconds),
        condition: {gte: at_least.count, ...(at_least.distinct === undefined ? {} : {field: `${PREFIX}${at_least.distinct}`})},
      },
      level: LEVELS[hunt.weight],
    },
  ]
}

/** Builds the named selections of a rule and the expression over them. */
class Writer {
  readonly selections: Record<string, Yaml> = {}
  readonly notes: string[] = []
  readonly #sets: Sets

  constructor(sets: Sets) {
    this.#sets = sets
  }

  selection(members: {readonly [field: string]: Yaml}): string {
    const name = `selection_${Object.keys(this.selections).length + 1}`
    this.selections[name] = members
    return name
  }

  /** The expression of a condition; undefined where Sigma cannot say it, which is noted. */
  condition(condition: Condition): string | undefined {
    if ('all' in condition) return this.#join(condition.all, 'and')
    if ('any' in condition) return this.#join(condition.any, 'or')
    if ('not' in condition) {
      const inner = this.condition(condition.not)
      return inner === undefined ? undefined : `not ${inner}`
    }
    if ('after' in condition) return this.#cannot('Deploy it once containment is proven: it is about what comes after.')
    const field = `${PREFIX}${condition.field}`
    if ('is' in condition) return this.selection({[field]: list(condition.is)})
    if ('starts' in condition) return this.selection({[`${field}|startswith`]: list(condition.starts)})
    if ('contains' in condition) return this.selection({[`${field}|contains`]: list(condition.contains)})
    if ('matches' in condition) return this.selection({[`${field}|re`]: condition.matches})
    if ('exists' in condition) return this.selection({[`${field}|exists`]: condition.exists})
    if ('over' in condition)
      return this.#cannot(`Sigma cannot count the values of ${field}: more than ${condition.over} count as well.`)
    if ('among' in condition) return this.#among(field, condition.among)
    const values = this.#among(field, condition.beyond)
    return `(${this.selection({[`${field}|exists`]: true})} and not ${values})`
  }

  #join(parts: readonly Condition[], by: 'and' | 'or'): string | undefined {
    const said = parts.map((part) => this.condition(part)).filter((part) => part !== undefined)
    return said.length === 0 ? undefined : said.length === 1 ? said[0] : `(${joined(said, by)})`
  }

  #among(field: string, name: SetName): string {
    const known = this.#sets[name]
    if (known && known.size > 0) return this.selection({[field]: list([...known].sort())})
    this.notes.push(`%${name}%: ${SETS[name]}.`)
    return this.selection({[`${field}|expand`]: `%${name}%`})
  }

  #cannot(note: string): undefined {
    this.notes.push(note)
    return undefined
  }
}

function joined(parts: readonly string[], by: string): string {
  return parts.join(` ${by} `)
}

function list(values: readonly (string | number | boolean)[]): Yaml {
  return values.length === 1 ? (values[0] ?? null) : values
}

function timespan(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds % size === 0) return `${seconds / size}${unit}`
  return `${seconds}s`
}

/** The same rule has the same id wherever it is written: in the form of a UUID of version 4, made of its name. */
function uuidOf(name: string): string {
  const hex = hash('sha256', `stanch sigma ${name}`, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/**
 * Block YAML whose scalars are JSON, which YAML 1.2 contains: foreign text cannot end a string or begin a member, and what a
 * terminal would obey is an escape.
 */
function lines(value: Yaml, indent: number): string[] {
  const pad = ' '.repeat(indent)
  if (Array.isArray(value)) return (value as readonly Yaml[]).map((one) => `${pad}- ${safeJson(one)}`)
  if (typeof value !== 'object' || value === null) return [`${pad}${safeJson(value)}`]
  return Object.entries(value).flatMap(([key, one]) =>
    typeof one === 'object' && one !== null
      ? [`${pad}${keyOf(key)}:`, ...lines(one, indent + 4)]
      : [`${pad}${keyOf(key)}: ${scalar(one)}`],
  )
}

function keyOf(key: string): string {
  return /^[A-Za-z][\w-]*$/.test(key) ? key : safeJson(key)
}

/** Plain where nothing in it means anything to YAML. */
function scalar(value: Yaml): string {
  return typeof value === 'string' &&
    /^[A-Za-z](?:[A-Za-z0-9 _().-]*[A-Za-z0-9_().-])?$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off)$/i.test(value)
    ? value
    : safeJson(value)
}
