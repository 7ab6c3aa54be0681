import {StanchError} from '../errors.ts'
import {credentialIn, inspectText} from '../tokens/inspect.ts'
import type {Inspection} from '../tokens/inspect.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {LeakedToken} from '../incident/policy.ts'
import {Secret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import type {Connected} from './context.ts'

/**
 * A leaked token as the plan needs it, after the tenant's own keys vouch for it: what is merely shaped like a token, is of
 * another tenant or another client says nothing about this one, and an edited `exp` must not date the all clear.
 *
 * @returns undefined when no value is at hand or it is no readable token
 * @throws {StanchError} `input.invalid` for a token that is not this tenant's or not this client's
 */
export async function trustedToken(
  connected: Connected,
  clientId: string | undefined,
  leaked: Secret | undefined,
): Promise<LeakedToken | undefined> {
  if (!leaked) return undefined
  const found: Inspection = inspectText(leaked.reveal())
  if (found.format !== 'jwt') return undefined
  const hint = 'Leave the value out to go on without it: then the longest lifetimes count.'
  const issuers = [connected.origin.issuer, new URL('/', connected.tenant.audience).href]
  const issuer = issuers.find((one) => one === found.claims?.['iss'])
  if (issuer === undefined)
    throw new StanchError('input.invalid', 'The leaked token was not issued by this tenant. Nothing was changed.', {hint})
  if (clientId !== undefined && found.client_id !== undefined && found.client_id !== clientId) {
    throw new StanchError(
      'input.invalid',
      `The leaked token belongs to client ${printable(found.client_id, 64)}, not to ${printable(clientId, 64)}. Nothing was changed.`,
      {hint},
    )
  }
  const {verifySignature} = await import('../tokens/verify.ts')
  const {verdict, reason} = await verifySignature(leaked, await connected.tenant.jwks(), {issuer})
  if (verdict !== 'valid')
    throw new StanchError(
      'input.invalid',
      `The tenant's keys do not vouch for the leaked token: ${printable(reason, 200)}. Nothing was changed.`,
      {hint},
    )
  return {
    audiences: found.audiences,
    scopes: found.scopes,
    ...(found.expires_at === undefined ? {} : {expires_at: found.expires_at}),
    ...(typeof found.claims?.['jti'] === 'string' ? {jti: found.claims['jti']} : {}),
  }
}

/** The credential alone, without what was pasted around it (`Bearer ...`, a JSON member): what a probe must send. */
export function bareCredential(pasted: Secret): Secret {
  const {value} = credentialIn(pasted.reveal())
  return value === pasted.reveal() ? pasted : new Secret(value)
}

/** What somebody says it is, where its form says nothing: a secret that was set by hand may be any string. */
export function takenAs(leak: LeakKind, found: Inspection): Inspection {
  const shapeless = found.type === 'opaque-token' || found.type === 'unknown'
  return leak === 'client-secret' && shapeless ? {...found, kind: leak, type: leak, what: 'a client secret, as you say'} : found
}

/** What a leaked value is good for: a token that the plan is made from, or a secret for the probes. */
export interface LeakedParts {
  /** The value itself, so that nobody signs in with it unawares. */
  readonly value?: Secret
  readonly leaked?: Secret
  readonly leaked_token?: LeakedToken
}

/** @throws {StanchError} what `trustedToken` throws */
export async function leakedParts(
  connected: Connected,
  leak: LeakKind,
  clientId: string | undefined,
  value: Secret | undefined,
): Promise<LeakedParts> {
  if (!value) return {}
  const token = leak === 'management-token' ? await trustedToken(connected, clientId, value) : undefined
  return token ? {value, leaked_token: token} : {value, leaked: value}
}
