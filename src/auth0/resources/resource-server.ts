import * as v from 'valibot'
import {id, read, seconds, text} from './reading.ts'

/** An API as the Management API returns it; `signing_secret`, which a read returns unasked, is dropped by the parser. */
export interface ResourceServer {
  readonly id: string
  readonly identifier: string
  readonly name?: string
  readonly is_system?: boolean
  /** Seconds, 0 to 2,592,000. Absent when a scope or an old answer hides it: then the lifetime is not known. */
  readonly token_lifetime?: number
  readonly token_lifetime_for_web?: number
  readonly signing_alg?: string
  readonly allow_offline_access?: boolean
  readonly token_dialect?: string
  readonly enforce_policies?: boolean
  readonly token_encryption?: boolean
  readonly proof_of_possession_required?: boolean
  readonly scopes?: readonly {readonly value: string; readonly description?: string}[]
  readonly subject_type_authorization?: {
    readonly user?: {readonly policy?: string}
    readonly client?: {readonly policy?: string}
  }
}

const policy = v.exactOptional(v.object({policy: v.exactOptional(text)}))

const schema = v.object({
  id,
  identifier: text,
  name: v.exactOptional(text),
  is_system: v.exactOptional(v.boolean()),
  token_lifetime: v.exactOptional(seconds),
  token_lifetime_for_web: v.exactOptional(seconds),
  signing_alg: v.exactOptional(text),
  allow_offline_access: v.exactOptional(v.boolean()),
  token_dialect: v.exactOptional(text),
  enforce_policies: v.exactOptional(v.boolean()),
  token_encryption: v.exactOptional(v.looseObject({})),
  proof_of_possession: v.exactOptional(v.object({required: v.exactOptional(v.boolean())})),
  scopes: v.exactOptional(v.array(v.object({value: text, description: v.exactOptional(text)}))),
  subject_type_authorization: v.exactOptional(v.object({user: policy, client: policy})),
})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseResourceServer(value: unknown, at = 'resource_server'): ResourceServer {
  const {token_encryption, proof_of_possession, ...plain} = read(schema, value, at)
  return {
    ...plain,
    ...(token_encryption && {token_encryption: true}),
    ...(proof_of_possession?.required !== undefined && {proof_of_possession_required: proof_of_possession.required}),
  }
}
