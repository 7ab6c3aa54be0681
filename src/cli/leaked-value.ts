import {credentialIn, inspectText} from '../tokens/inspect.ts'
import type {Inspection} from '../tokens/inspect.ts'
import type {LeakedToken} from '../incident/policy.ts'
import {Secret} from '../secret.ts'

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

/** The credential alone, without what was pasted around it (`Bearer ...`, a JSON member): what a probe must send. */
export function bareCredential(pasted: Secret): Secret {
  const {value} = credentialIn(pasted.reveal())
  return value === pasted.reveal() ? pasted : new Secret(value)
}
