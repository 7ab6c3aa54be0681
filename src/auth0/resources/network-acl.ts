import * as v from 'valibot'
import {id, read, text} from './reading.ts'

/** An access control list of the tenant (GET api/v2/network-acls), without its rule. */
export interface NetworkAcl {
  readonly id: string
  readonly description?: string
  readonly active?: boolean
}

const schema = v.object({id, description: v.exactOptional(text), active: v.exactOptional(v.boolean())})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseNetworkAcl(value: unknown, at = 'network_acl'): NetworkAcl {
  return read(schema, value, at)
}
