import * as v from 'valibot'
import {id, read, text} from './reading.ts'

/** A log stream (GET api/v2/log-streams) without its receiver: addresses and secrets of sinks have no way in. */
export interface LogStream {
  readonly id: string
  readonly name: string
  readonly type: string
  /** `active`, `paused`, or `suspended` by Auth0, of which the tenant log says nothing. */
  readonly status: string
}

const schema = v.object({id, name: v.exactOptional(text, ''), type: text, status: text})

/** @throws {StanchError} `auth0.unexpected_answer` */
export function parseLogStream(value: unknown, at = 'log_stream'): LogStream {
  return read(schema, value, at)
}
