import {IPV4_IN_TEXT, IPV6_IN_TEXT} from './personal.ts'

/** Of the rules below. A record holds it beside both hashes, so that a copy can be made again. */
export const BLINDING_VERSION = 3

/** Keyed fingerprint of a value: the same value gives the same text within a trail, and nobody without its key can test guesses. */
export type Blind = (field: string, value: string) => string

/** Members that name an end user or where one was, by what they hold. Names as in Auth0's log events and users. */
const FIELDS: Readonly<Record<string, string>> = {
  user_id: 'user_id',
  user_name: 'user_name',
  username: 'user_name',
  nickname: 'user_name',
  given_name: 'user_name',
  family_name: 'user_name',
  email: 'email',
  user_email: 'email',
  phone_number: 'phone_number',
  picture: 'picture',
  ip: 'ip',
  client_ip: 'ip',
  ip_address: 'ip',
  session_id: 'session_id',
  city_name: 'location',
  latitude: 'location',
  longitude: 'location',
}

/** Also as it stands in the path of a request. */
const EMAIL = /[A-Za-z0-9._%+'-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+/g
/** A whole text, in any spelling. */
const IPV6 = /^(?=.*:.*:)[0-9a-fA-F:]{2,39}(?:\.\d{1,3}){0,3}$/
/** `connection|id`, as Auth0 writes user ids. */
const USER_ID = /^[A-Za-z0-9_-]{2,64}\|\S{1,200}$/
/** The same inside of other text; in the path of a request it is `connection%7Cid`. */
const USER_ID_IN_TEXT = /(?<![\w|-])[A-Za-z0-9_-]{2,64}(?:\|[^\s|,;"'<>)\]]{3,200}|%7[Cc][^\s|,;"'<>)\]/?&]{3,200})/g

export interface BlindedText {
  readonly text: string
  /** How many values were replaced. */
  readonly replaced: number
}

/**
 * A copy of JSON evidence (one text, or one a line) in which what identifies end users is a keyed fingerprint: user
 * ids, e-mail addresses, IP addresses, names, by the member's name and by the value's shape. Client ids, API
 * identifiers, times and log ids stay. Same text and key, same copy.
 *
 * @returns undefined when the evidence is no JSON: then nobody can say what is in it
 */
export function blindedCopy(text: string, blind: Blind): BlindedText | undefined {
  let replaced = 0
  const count = (field: string, value: string): string => {
    replaced += 1
    return blind(field, value)
  }
  const lines = text.trim().includes('\n') ? text.split('\n') : [text]
  const out: string[] = []
  for (const line of lines) {
    if (line.trim() === '') {
      out.push(line)
      continue
    }
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      return undefined
    }
    const before = replaced
    const copy = JSON.stringify(walk(value, undefined, count))
    out.push(replaced === before ? line : copy)
  }
  return {text: out.join('\n'), replaced}
}

function walk(value: unknown, field: string | undefined, blind: Blind): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, field, blind))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, walk(member, FIELDS[name] ?? ownName(name, value), blind)]),
    )
  }
  if (typeof value === 'string') return blindText(value, field, blind)
  return typeof value === 'number' && field !== undefined ? blind(field, String(value)) : value
}

/** `name` alone may be that of an application or an API: it is a person's beside a user id or an e-mail address. */
function ownName(name: string, holder: object): string | undefined {
  return name === 'name' && ('user_id' in holder || 'email' in holder) ? 'user_name' : undefined
}

function blindText(text: string, field: string | undefined, blind: Blind): string {
  if (text === '') return text
  if (field !== undefined) return blind(field, text)
  if (USER_ID.test(text)) return blind('user_id', text)
  if (IPV6.test(text)) return blind('ip', text)
  return text
    .replace(USER_ID_IN_TEXT, (id) => blind('user_id', decoded(id)))
    .replace(EMAIL, (address) => blind('email', decoded(address)))
    .replace(IPV6_IN_TEXT, (address) => blind('ip', address))
    .replace(IPV4_IN_TEXT, (address) => blind('ip', address))
}

/** A value of a path as it is outside of one: both get the same fingerprint. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value // a percent sign of its own
  }
}
