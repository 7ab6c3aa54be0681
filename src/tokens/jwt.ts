/** What could be read of a compact token. `damaged` says, part by part, what is wrong with it. */
export interface DecodedJwt {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly damaged: readonly string[]
}

const MAX_DEPTH = 32
/** 9999-12-31T23:59:59Z: later is no date anybody meant. */
const LAST_DATE = 253_402_300_799

/** Reads header and payload of `header.payload.signature`; the signature is never looked at. Does not throw. */
export function decodeJwt(text: string): DecodedJwt {
  const [header = '', payload = ''] = text.split('.', 2)
  const damaged: string[] = []
  const readHeader = readPart(header, 'header', damaged)
  const claims = readPart(payload, 'payload', damaged)
  return {...(readHeader && {header: readHeader}), ...(claims && {claims}), damaged}
}

/** A NumericDate of RFC 7519 that a calendar can show, in whole seconds. */
export function numericDate(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= LAST_DATE ? Math.floor(value) : undefined
}

/** RFC 7515: the alphabet without padding, no length of 4n+1, no stray bits. Several spellings of one token are none. */
export function isStrictBase64url(text: string): boolean {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return false
  return Buffer.from(text, 'base64url').toString('base64url') === text
}

/**
 * Do two texts spell one token? Padding, the other alphabet of base64 and stray bits make several texts of the same bytes,
 * and a lenient reader takes them all: whoever asks whether two credentials are one must not compare texts.
 */
export function sameToken(one: string, other: string): boolean {
  return one === other || (one.includes('.') && canonical(one) === canonical(other))
}

function canonical(token: string): string {
  return token
    .trim()
    .split('.')
    .map((part) => lenient(part).toString('base64url'))
    .join('.')
}

function lenient(part: string): Buffer {
  return Buffer.from(part.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''), 'base64url')
}

function readPart(part: string, name: string, damaged: string[]): Readonly<Record<string, unknown>> | undefined {
  if (part === '') {
    damaged.push(`${name}: empty`)
    return undefined
  }
  if (!isStrictBase64url(part)) damaged.push(`${name}: not strict base64url`)
  const bytes = lenient(part)
  let text: string
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    damaged.push(`${name}: holds bytes that are not UTF-8`)
    text = bytes.toString('utf8')
  }
  const whole = parseObject(text)
  if (whole === 'too deep') {
    damaged.push(`${name}: nested deeper than ${MAX_DEPTH}`)
    return undefined
  }
  if (whole !== undefined) return whole
  damaged.push(`${name}: not a JSON object, or cut`)
  return salvage(text)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | 'too deep' | undefined {
  if (tooDeep(text)) return 'too deep'
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function tooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (inString) {
      if (char === '\\') i++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') {
      if (++depth > MAX_DEPTH) return true
    } else if (char === '}' || char === ']') depth--
  }
  return false
}

/** The plain members at the front of a JSON object that was cut or garbled: enough to see whose token it was. */
function salvage(text: string): Readonly<Record<string, unknown>> | undefined {
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  let rest = /^\s*\{/.test(text) ? text.replace(/^\s*\{/, '') : undefined
  let any = false
  while (rest !== undefined) {
    const member: RegExpExecArray | null =
      /^\s*"([A-Za-z0-9_:/.-]{1,100})"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d{1,20}(?:\.\d{1,20})?|true|false|null|\[(?:[^[\]{}"]|"(?:[^"\\]|\\.)*")*\])\s*(,|\}|$)/.exec(
        rest,
      )
    if (!member) break
    try {
      found[member[1] ?? ''] = JSON.parse(member[2] ?? 'null') as unknown
      any = true
    } catch {
      break
    }
    if (member[3] !== ',') break
    rest = rest.slice(member[0].length)
  }
  return any ? found : undefined
}
