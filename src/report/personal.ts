/**
 * Personal data in a report as labels: `[person 1]`, `[e-mail 2]`, `[ip 3]`. A label says which values are the same and
 * nothing else, needs no key, and can be read aloud. (Evidence that is handed out is blinded with keyed fingerprints
 * instead, because it must be comparable across documents.)
 */

/** Also an account on a machine, and as it stands in a path; `ID@clients` is the subject of an application. */
const EMAIL = /[A-Za-z0-9._%+'-]{1,64}(?:@|%40)(?!clients\b)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*/g
const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)'
/** Not inside a URL: that is a server's address. Nor a loopback one with a port: a simulated tenant. A colon or a full stop after it ends words. */
export const IPV4_IN_TEXT = new RegExp(`(?<![\\d./@:])(?!127\\.[\\d.]+:\\d)${OCTET}(?:\\.${OCTET}){3}(?!\\d|\\.\\d)`, 'g')
/** All eight groups, or a gap: a time of day has neither. */
export const IPV6_IN_TEXT =
  /(?<![\w:.])(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?=:*[0-9a-fA-F])(?=[0-9a-fA-F:.]*::)(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?)(?:\.\d{1,3}){0,3}(?!\w|:[\w:])/g
/** `connection|id`, as Auth0 writes user ids; in the path of a request `connection%7Cid`. */
const USER_ID = /(?<![\w|-])[A-Za-z0-9_-]{2,64}(?:\|[^\s|,;"'<>)\]]{3,200}|%7[Cc][^\s|,;"'<>)\]/?&]{3,200})/g
/** A path says who owns it. */
const SINK = /(?<![\w/])(file|exec|sealed):[^\s,;"']+/g

/** Members that name a person or where one was, whatever they hold. */
const FIELDS: Readonly<Record<string, string>> = {
  actor: 'person',
  os_user: 'person',
  by: 'person',
  user_id: 'person',
  user_name: 'person',
  email: 'e-mail',
  ip: 'ip',
  ips: 'ip',
  host: 'machine',
  user_agent: 'agent',
  user_agents: 'agent',
}

export interface Names {
  readonly people: readonly string[]
  readonly machines: readonly string[]
  /** User agents: of a browser they tell a person's device. */
  readonly agents: readonly string[]
}

/** @returns a function that gives a copy of any JSON value with labels in it; labels are numbered in order of appearance */
export function labels(names: Names): <T>(value: T) => T {
  const given = new Map<string, string>()
  const counts = new Map<string, number>()
  const label = (kind: string, value: string): string => {
    const known = given.get(`${kind}\n${value}`)
    if (known !== undefined) return known
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const made = `[${kind} ${count}]`
    given.set(`${kind}\n${value}`, made)
    return made
  }
  const known = [
    ...names.people.map((name) => ['person', name] as const),
    ...names.machines.map((name) => ['machine', name] as const),
    ...names.agents.map((name) => ['agent', name] as const),
  ]
    .filter(([kind, name]) => name.length > (kind === 'agent' ? 4 : 1))
    // the longest first: `alice@host` before `alice`
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([kind, name]) => [kind, name, wholeWord(name)] as const)
  const inText = (text: string): string => {
    let out = text
    for (const [kind, name, pattern] of known) if (out.includes(name)) out = out.replace(pattern, () => label(kind, name))
    return out
      .replace(SINK, '$1')
      .replace(USER_ID, (value) => label('person', decoded(value)))
      .replace(EMAIL, (value) => label('e-mail', decoded(value)))
      .replace(IPV6_IN_TEXT, (value) => label('ip', value))
      .replace(IPV4_IN_TEXT, (value) => label('ip', value))
  }
  const walk = (value: unknown, field: string | undefined): unknown => {
    if (typeof value === 'string') {
      if (value === '' || value === 'not said') return value
      if (field !== undefined) return label(field, value)
      return inText(value)
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, field))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(member, FIELDS[name])]))
  }
  return (value) => walk(value, undefined) as typeof value
}

/** A value of a path as it is outside of one: both get the same label. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value // a percent sign of its own
  }
}

function wholeWord(name: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${name.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)}(?![\\p{L}\\p{N}_])`, 'gu')
}

/** Where personal data begins and ends in a text, by its look alone: for a page that can hide it. */
export function personalParts(text: string): {readonly text: string; readonly personal: boolean}[] {
  const found: [number, number][] = []
  for (const pattern of [USER_ID, EMAIL, IPV6_IN_TEXT, IPV4_IN_TEXT])
    for (const match of text.matchAll(pattern))
      if (!found.some(([from, to]) => match.index < to && match.index + match[0].length > from))
        found.push([match.index, match.index + match[0].length])
  const parts: {text: string; personal: boolean}[] = []
  let at = 0
  for (const [from, to] of found.toSorted((a, b) => a[0] - b[0])) {
    if (from > at) parts.push({text: text.slice(at, from), personal: false})
    parts.push({text: text.slice(from, to), personal: true})
    at = to
  }
  if (at < text.length) parts.push({text: text.slice(at), personal: false})
  return parts
}
