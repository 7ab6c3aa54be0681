import * as v from 'valibot'
import {id, read, text} from './reading.ts'

/** An organisation a grant is tied to (GET api/v2/client-grants/{id}/organizations). */
export interface Organization {
  readonly id: string
  readonly name?: string
}

const schema = v.object({id, name: v.exactOptional(text)})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseOrganization(value: unknown, at = 'organization'): Organization {
  return read(schema, value, at)
}
