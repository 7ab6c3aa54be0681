import {systemCode} from '../errors.ts'

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'name lookup failed',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  UND_ERR_HEADERS_TIMEOUT: 'no answer within 10 s',
  UND_ERR_BODY_TIMEOUT: 'the answer stalled for 10 s',
  UND_ERR_SOCKET: 'connection closed before the answer',
  UND_ERR_HEADERS_OVERFLOW: 'headers too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut',
  HPE_INVALID_CONSTANT: 'not HTTP',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not trusted here',
}

/** Why there was no answer, by code only: messages of the HTTP parser quote what the server sent. */
export function connectionCause(error: unknown): string {
  const code = causeCode(error)
  if (code === undefined) return 'the connection failed'
  return WORDS[code] === undefined ? code : `${WORDS[code]} (${code})`
}

/** True when the server's certificate or the handshake failed: nothing was sent, and nothing will get better by repeating. */
export function isTlsFailure(error: unknown): boolean {
  const code = causeCode(error)
  return (
    code !== undefined &&
    /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH$|INVALID_CA$|PATH_LENGTH_EXCEEDED$)/.test(
      code,
    )
  )
}

/** The system's code of the error or of what it wraps: happy eyeballs hand out an AggregateError. */
function causeCode(error: unknown): string | undefined {
  let current = error
  for (let depth = 0; depth < 4 && current; depth++) {
    const code = systemCode(current)
    if (code !== undefined && code !== 'ABORT_ERR' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code)) return code
    const wrapped = current as {errors?: readonly unknown[]; cause?: unknown}
    current = wrapped.errors?.[0] ?? wrapped.cause
  }
  return undefined
}
