import * as v from 'valibot'
import {read, text} from './reading.ts'

/** A domain of the tenant's own (GET api/v2/custom-domains). */
export interface CustomDomain {
  readonly domain: string
  /** `ready` once it is in use. */
  readonly status?: string
}

const schema = v.object({domain: text, status: v.exactOptional(text)})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseCustomDomain(value: unknown, at = 'custom_domain'): CustomDomain {
  return read(schema, value, at)
}
