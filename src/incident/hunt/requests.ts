import type {Condition} from './condition.ts'

/** The path of one object: a segment, percent-encoded where it holds more than letters. */
export const ID = '([^/?]+)'

/** A Management API request by method and path, as the log has them: the method in lower case, the path below /api/v2/. */
export function request(methods: readonly string[], path: string): Condition {
  return {
    all: [
      {field: 'details.request.method', is: [...methods, ...methods.map((method) => method.toUpperCase())]},
      {field: 'details.request.path', matches: `^/api/v2/${path}$`},
    ],
  }
}

export const WRITES = ['post', 'put', 'patch', 'delete']
export const CHANGES = ['post', 'put', 'patch']

export const byCompromisedClient: Condition = {field: 'client_id', among: 'compromised_clients'}
export const fromSuspectAddress: Condition = {field: 'ip', among: 'suspect_addresses'}
