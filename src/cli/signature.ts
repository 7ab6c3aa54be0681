import type {Connection} from '../config/connection.ts'
import {readConnection} from '../config/connection.ts'
import {StanchError} from '../errors.ts'
import {Secret} from '../secret.ts'
import {credentialIn} from '../tokens/inspect.ts'
import {verifySignature} from '../tokens/verify.ts'
import {findConnection} from './context.ts'
import type {Connected, ConnectionFlags, Place} from './context.ts'
import type {SignatureVerdict} from './inspect-token.ts'

/**
 * A connection that is good enough to read a tenant's signing keys, which are public: a domain alone will do. Undefined
 * when nobody named one; the tenant that a token names for itself is never contacted.
 */
export async function keySetConnection(place: Place, flags: ConnectionFlags): Promise<Connection | undefined> {
  if (flags.profile !== undefined) return findConnection(place, flags)
  const found = await readConnection({env: place.env})
  if (found.domain === undefined) return undefined
  // No request of this command carries a credential.
  return {...found, domain: found.domain, credential: found.credential ?? {kind: 'token', token: new Secret('')}}
}

/** Is the token signed by the connected tenant? A tenant that does not answer leaves it unknown, and says why. */
export async function signatureAt(pasted: Secret, connected: Pick<Connected, 'tenant' | 'origin'>): Promise<SignatureVerdict> {
  const {value} = credentialIn(pasted.reveal())
  try {
    return await verifySignature(value, await connected.tenant.jwks(), {issuer: connected.origin.issuer})
  } catch (error) {
    if (!(error instanceof StanchError) || !error.code.startsWith('auth0.')) throw error
    return {verdict: 'unknown', reason: error.message.replace(/\.$/, '')}
  }
}
