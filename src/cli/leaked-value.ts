import {inspectText} from '../tokens/inspect.ts'
import type {Inspection} from '../tokens/inspect.ts'
import type {LeakedToken} from '../incident/policy.ts'
import type {Secret} from '../secret.ts'

/** A leaked token as the plan needs it, from the leaked value; undefined when the value is no readable token. */
export function leakedTokenOf(leaked: Secret | undefined): LeakedToken | undefined {
  if (!leaked) return undefined
  const found: Inspection = inspectText(leaked.reveal())
  if (found.format !== 'jwt') return undefined
  return {
    audiences: found.audiences,
    scopes: found.scopes,
    ...(found.expires_at === undefined ? {} : {expires_at: found.expires_at}),
    ...(typeof found.claims?.['jti'] === 'string' ? {jti: found.claims['jti']} : {}),
  }
}
