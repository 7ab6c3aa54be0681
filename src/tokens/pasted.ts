/** The credential inside a pasted text, and what the text around it said. */
export interface Pasted {
  readonly value: string
  /** The member, variable or header it stood in: `client_secret`, `AUTH0_API_TOKEN`, `Basic`. */
  readonly name?: string
  /** The client id beside it, where there was one. */
  readonly client_id?: string
  readonly notes: readonly string[]
}

const JWT = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){1,3}/
const MEMBERS = ['access_token', 'client_secret', 'refresh_token', 'signing_secret', 'private_key', 'id_token', 'token'] as const

/** People paste headers, log lines, answers of the token endpoint, environment files and wrapped lines. */
export function pastedValue(text: string): Pasted {
  const trimmed = text.replace(/^\ufeff/, '').trim()
  return (
    pem(trimmed) ??
    json(trimmed) ??
    basic(trimmed) ??
    assignment(trimmed) ??
    embedded(trimmed) ?? {value: unquoted(trimmed), notes: []}
  )
}

function pem(text: string): Pasted | undefined {
  // In environment variables and JSON the line breaks of a PEM are written out.
  const lines = text.replaceAll('\\n', '\n').replaceAll('\r', '')
  const start = lines.search(/-----BEGIN [A-Z0-9 ]{1,40}-----/)
  if (start < 0) return undefined
  const end = /-----END [A-Z0-9 ]{1,40}-----/.exec(lines.slice(start))
  // A block that was cut still says that it is a private key.
  const value = end ? lines.slice(start, start + end.index + end[0].length) : lines.slice(start)
  return {value, notes: value.length === lines.length ? [] : ['a PEM block inside a longer text']}
}

function json(text: string): Pasted | undefined {
  if (!text.startsWith('{')) return undefined
  let value: Record<string, unknown>
  try {
    value = JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
  if (typeof value['kty'] === 'string' || Array.isArray(value['keys'])) return {value: text, notes: []}
  const name = MEMBERS.find((member) => typeof value[member] === 'string' && value[member] !== '')
  if (name === undefined) return undefined
  const client = value['client_id']
  return {
    value: String(value[name]),
    name,
    notes: [`the member ${name} of a JSON text`],
    ...(typeof client === 'string' && isClientId(client) && {client_id: client}),
  }
}

function basic(text: string): Pasted | undefined {
  const encoded = /^(?:authorization\s*:\s*)?basic\s+([A-Za-z0-9+/=_-]{8,4000})$/i.exec(text)?.[1]
  if (encoded === undefined) return undefined
  const [id, ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  if (id === undefined || !isClientId(id) || secret.length === 0) return undefined
  return {value: secret.join(':'), name: 'client_secret', client_id: id, notes: ['a Basic header: client id and secret']}
}

function assignment(text: string): Pasted | undefined {
  const found = /^(?:export\s+)?["']?([A-Za-z][A-Za-z0-9_.-]{0,60})["']?\s*[:=]\s*["']?([^\s"',;]+)["']?[,;]?$/.exec(text)
  if (!found || !/secret|token|key|client_?id|assertion/i.test(found[1] ?? '')) return undefined
  return {value: found[2] ?? '', name: found[1] ?? '', notes: [`the value of ${found[1]}`]}
}

function embedded(text: string): Pasted | undefined {
  const joined = text.replace(/\s+/g, '')
  if (joined !== text && JWT.exec(joined)?.[0] === joined) return {value: joined, notes: ['line breaks inside it were removed']}
  const found = tokenIn(text)
  if (found === undefined || found === unquoted(text)) return undefined
  return {
    value: found,
    notes: [/bearer\s+eyJ/i.test(text) ? 'a Bearer header or a command that holds one' : 'a token inside a longer text'],
  }
}

/** The first JWT in a text; word by word, so that the time stays linear in the length. */
function tokenIn(text: string): string | undefined {
  for (const word of text.split(/[^A-Za-z0-9_.-]+/)) {
    const start = word.indexOf('eyJ')
    const found = start < 0 ? undefined : JWT.exec(word.slice(start))?.[0]
    if (found !== undefined) return found
  }
  return undefined
}

function unquoted(text: string): string {
  return text.replace(/^bearer\s+/i, '').replace(/^(["'`])(.*)\1[,;]?$/s, '$2')
}

/** 32 letters and digits for applications of the tenant; `tpc_` for third-party ones. */
export function isClientId(text: string): boolean {
  return /^[A-Za-z0-9]{32}$/.test(text) || /^tp[ca]_[A-Za-z0-9]{22}$/.test(text)
}
