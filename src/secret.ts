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
  const all = new Set<string>([
    value,
    JSON.stringify(value).slice(1, -1),
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

const JWT = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/
const PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/

/** True when `text` holds something shaped like a JWT or a PEM private key, known to us or not. */
export function looksLikeSecret(text: string): boolean {
  return JWT.test(text) || PEM.test(text)
}

const SHAPES = new RegExp(
  `${JWT.source}|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`,
  'g',
)

/** `text` with everything JWT- or PEM-shaped replaced by `[secret]`: for tenant text, in which anybody may have put such a thing. */
export function withoutSecretShapes(text: string): string {
  return looksLikeSecret(text) ? text.replace(SHAPES, '[secret]') : text
}

/** `text` with every live secret and everything JWT- or PEM-shaped replaced by `[secret]`. */
export function scrub(text: string): string {
  let out = text
  for (const forms of live.values()) for (const form of forms) out = out.replaceAll(form, '[secret]')
  return withoutSecretShapes(out)
}
