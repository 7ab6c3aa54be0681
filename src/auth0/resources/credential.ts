import * as v from 'valibot'
import {id, read, text} from './reading.ts'

/** A public credential of a client (GET api/v2/clients/{id}/credentials). Holds no private part. */
export interface ClientCredential {
  readonly id: string
  readonly credential_type: string
  readonly kid?: string
  readonly alg?: string
  readonly name?: string
  readonly expires_at?: string
}

const schema = v.object({
  id,
  credential_type: text,
  kid: v.exactOptional(text),
  alg: v.exactOptional(text),
  name: v.exactOptional(text),
  expires_at: v.exactOptional(text),
})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseClientCredential(value: unknown, at = 'credential'): ClientCredential {
  return read(schema, value, at)
}
