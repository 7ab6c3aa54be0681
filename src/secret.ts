/**
 * A value that must not be seen: client secrets, tokens, private keys, passwords.
 *
 * It prints as `[secret]` wherever JavaScript would print it, and while it is in use it stands in a registry, so
 * that the trail refuses a line and the log scrubs a line that contains it in any usual encoding.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
    register(value)
  }

  /** The value itself. Callers put it into a request, a key derivation or the chosen sink, nowhere else. */
  reveal(): string {
    return this.#value
  }

  /** Constant-time enough for one comparison in memory: both sides are already ours. */
  equals(other: Secret): boolean {
    return this.#value === other.#value
  }

  get length(): number {
    return this.#value.length
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.toPrimitive](): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/** Shorter values would match by accident in ordinary text; they are still never printed by `Secret`. */
const MIN_TRACKED = 8

/** For each live secret every spelling that is looked for. */
const live = new Map<string, readonly string[]>()

function register(value: string): void {
  if (value.length < MIN_TRACKED || live.has(value)) return
  live.set(value, spellings(value))
}

/** The encodings in which a secret might slip out: plain, JSON, percent, base64 and base64url at all three offsets, hex. */
export function spellings(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8')
  const inJson = jsonInner(value)
  const all = new Set<string>([
    value,
    inJson,
    jsonInner(inJson), // an answer quoted inside another one
    percentEncoded(value),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ])
  for (const offset of [0, 1, 2]) {
    // Inside a longer base64 text the first and last characters mix with the neighbours: compare the inner part.
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const from = offset === 0 ? 0 : offset + 1
    const inner = encoded.slice(from, encoded.replace(/=+$/, '').length - ((bytes.length + offset) % 3 === 0 ? 0 : 1))
    if (inner.length < MIN_TRACKED) continue
    all.add(inner)
    all.add(inner.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return [...all]
}

function jsonInner(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

function percentEncoded(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    return value // a lone surrogate has no percent form
  }
}

/** True when `text` contains a live secret in one of its spellings. */
export function containsLiveSecret(text: string): boolean {
  for (const forms of live.values()) for (const form of forms) if (text.includes(form)) return true
  return false
}

const PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/
const WHOLE_PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g
/** A run of the characters that compact tokens are made of. */
const TOKEN_RUN = /[A-Za-z0-9_.-]+/g

/**
 * Where something shaped like a JWT stands: `eyJ` and eight more characters, a dot, eight, a dot. By parts and not by one
 * pattern, because a pattern would look at the rest of the text again from every `eyJ` in it: whoever writes a megabyte of
 * them into a name would stop the program for minutes.
 */
function jwtSpans(text: string): (readonly [from: number, to: number])[] {
  if (!text.includes('eyJ')) return []
  const spans: (readonly [number, number])[] = []
  for (const run of text.matchAll(TOKEN_RUN)) {
    const parts = run[0].split('.')
    let at = run.index
    for (let i = 0; i + 2 < parts.length; i++) {
      const [head = '', payload = '', signature = ''] = parts.slice(i, i + 3)
      const start = head.indexOf('eyJ')
      const length = head.length + payload.length + signature.length + 2
      if (start < 0 || head.length - start < 11 || payload.length < 8) {
        at += head.length + 1
        continue
      }
      spans.push([at + start, at + length])
      at += length + 1
      i += 2
    }
  }
  return spans
}

/** True when `text` holds something shaped like a JWT or a PEM private key, known to us or not. */
export function looksLikeSecret(text: string): boolean {
  return PEM.test(text) || jwtSpans(text).length > 0
}

/** `text` with everything JWT- or PEM-shaped replaced by `[secret]`: for tenant text, in which anybody may have put such a thing. */
export function withoutSecretShapes(text: string): string {
  const plain = text.includes('-----BEGIN ') ? text.replace(WHOLE_PEM, '[secret]') : text
  let out = ''
  let from = 0
  for (const [start, end] of jwtSpans(plain)) {
    out += `${plain.slice(from, start)}[secret]`
    from = end
  }
  return from === 0 ? plain : out + plain.slice(from)
}

/** `text` with every live secret and everything JWT- or PEM-shaped replaced by `[secret]`. */
export function scrub(text: string): string {
  let out = text
  for (const forms of live.values()) for (const form of forms) out = out.replaceAll(form, '[secret]')
  return withoutSecretShapes(out)
}
