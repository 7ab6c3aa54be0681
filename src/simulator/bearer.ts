import type {World} from './state.ts'
import {apiError, Refusal, type Answer, type Caller, textOf} from './wire.ts'

function unauthorized(message: string): Refusal {
  const answer: Answer = apiError(401, message, undefined, {attributes: {error: message}})
  return new Refusal({...answer, headers: {'www-authenticate': `Bearer error="${message.replaceAll('"', "'")}"`}})
}

/** Who calls, from the bearer token. What has no dots is refused with 400, as recorded; a token with 401. */
export async function authenticate(world: World, authorization: string | undefined): Promise<Caller> {
  if (!authorization) throw new Refusal(apiError(401, 'Missing authentication'))
  const token = /^bearer\s+(\S+)$/i.exec(authorization)?.[1]
  if (!token || token.split('.').length !== 3) {
    throw new Refusal(apiError(400, 'Bad HTTP authentication header format', 'Bearer'))
  }
  const {jwtVerify, errors} = await import('jose')
  try {
    const {payload} = await jwtVerify(token, world.key.publicKey, {
      algorithms: ['RS256'],
      issuer: world.issuer,
      currentDate: new Date(world.time.ms()),
      requiredClaims: ['exp', 'sub'],
    })
    const audiences = Array.isArray(payload.aud) ? payload.aud : [payload.aud]
    if (!audiences.includes(world.audience)) throw unauthorized(`Bad audience: ${audiences.join(',')}`)
    const client_id = textOf(payload['azp'] ?? payload['client_id'])
    if (world.behaviour.deleted_application_tokens === 'refused' && !world.clients.has(client_id)) {
      throw unauthorized('Invalid token')
    }
    return {
      client_id,
      subject: String(payload.sub),
      scopes: textOf(payload['scope']).split(' ').filter(Boolean),
      jti: payload.jti ?? (world.behaviour.log_jti ? world.tokenJti.get(token) : undefined),
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    if (error instanceof errors.JWTExpired) throw unauthorized('Expired token received for JSON Web Token validation')
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw unauthorized('Invalid signature received for JSON Web Token validation')
    }
    throw unauthorized('Invalid token')
  }
}
