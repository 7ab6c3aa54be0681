import {StanchError} from '../errors.ts'
import {quoted} from '../untrusted.ts'

/** The one place credentials are sent to. Compared by parsed URL, never by prefix. */
export interface Origin {
  /** `https://acme.eu.auth0.com`, no trailing slash. */
  readonly origin: string
  /** `acme.eu.auth0.com`, with the port if it is not the scheme's own. */
  readonly host: string
  /** `<origin>/`: what `iss` says in tokens of this domain. */
  readonly issuer: string
  /** `<origin>/api/v2/`; behind a custom domain the audience stays that of the canonical domain and is set apart. */
  readonly audience: string
  readonly loopback: boolean
}

const HINT = 'Give the tenant domain, for instance acme.eu.auth0.com.'

/**
 * A host or an origin as people write it. https everywhere; plain http for loopback addresses alone.
 *
 * @throws {StanchError} `config.invalid` for anything that is not exactly one host; `config.insecure` for plain http elsewhere
 */
export function parseOrigin(text: string): Origin {
  const invalid = (why: string) =>
    new StanchError('config.invalid', `${quoted(text)} is not a tenant domain: ${why}.`, {hint: HINT})
  const trimmed = text.trim()
  if (trimmed === '') throw invalid('it is empty')
  // One closed alphabet shuts out CR, LF, user info, escapes, homographs and everything a URL parser would repair.
  if (trimmed.length > 300 || !/^(?:[A-Za-z]{1,10}:\/\/)?[A-Za-z0-9.:[\]-]+\/?$/.test(trimmed))
    throw invalid('only a host name, with a port if it needs one')
  const given = /^[A-Za-z]+:\/\//.test(trimmed) ? trimmed : `https://${trimmed}`
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw invalid('only https, and http for a loopback address')
  // A parser turns `0x7f.1` into 127.0.0.1; what is written must be what is dialled.
  const written = given
    .replace(/^[A-Za-z]+:\/\//, '')
    .replace(/\/$/, '')
    .replace(/:\d+$/, '')
    .toLowerCase()
  if (url.hostname !== written || url.hostname.endsWith('.')) throw invalid('the host is not in its plain form')
  const loopback = isLoopback(url.hostname)
  if (!loopback && !url.hostname.includes('.') && !url.hostname.startsWith('['))
    throw invalid('the region or the rest of the domain is missing')
  if (url.protocol === 'http:' && !loopback) {
    throw new StanchError(
      'config.insecure',
      `Plain http to ${quoted(url.host)} would show the credential to everybody on the way.`,
      {
        hint: 'Use https. Plain http is accepted for loopback addresses only.',
      },
    )
  }
  return {origin: url.origin, host: url.host, issuer: `${url.origin}/`, audience: `${url.origin}/api/v2/`, loopback}
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}
