import type {Condition} from './condition.ts'
import type {Leaves} from './hunt.ts'

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

/** A change of attack protection, and which part of it stands in the path. */
export const ATTACK_PROTECTION = {
  asked: request(['patch', 'put', 'post'], `attack-protection/${ID}`),
  in_path: `^/api/v2/attack-protection/${ID}$`,
}

export const WRITES = ['post', 'put', 'patch', 'delete']
export const CHANGES = ['post', 'put', 'patch']

/** A client's secret that somebody else knows now: replacing it takes that away. @param in_path where the client's id stands */
export function knownSecret(in_path: string, remove = 'set another secret'): Leaves {
  return {
    kind: 'client_secret',
    in_path,
    remove: `${remove}: stanch secret rotate --client {id} --deliver SINK`,
    renewed: '/api/v2/clients/{id}/rotate-secret',
  }
}

export const byCompromisedClient: Condition = {field: 'client_id', among: 'compromised_clients'}
export const fromSuspectAddress: Condition = {field: 'ip', among: 'suspect_addresses'}
