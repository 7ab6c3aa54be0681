/*
 * The steps of the main flow, as the fault matrix counts them. Network: n1 token, n2 client, n3 grants, n4 API settings,
 * n5 grant deletion, n6 rotation, n7 probe, n8 the last look after the probes. Write: w1 case and snapshot, w2 intent of the
 * deletion, w3 its outcome, w4 intent of the rotation, w5 the new secret, w6 outcome of the rotation, w7 proof, w8 checkpoint.
 */
export const NETWORK = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'] as const
export const WRITES = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'] as const

export type NetworkStep = (typeof NETWORK)[number]
export type WriteStep = (typeof WRITES)[number]
/** `look` reads what became of a change, `print` reads the secret in force; neither is a step that a fault is aimed at. */
export type Seen = NetworkStep | 'look' | 'print' | 'other'

export interface Line {
  readonly method: string
  /** With query. */
  readonly path: string
  readonly body?: string
}

/** Tells the step of each request of one session, in the order in which they are made. Shared by both ends of the wire. */
export class StepCounter {
  readonly #operator: string
  #deleted = false
  #probed = false

  constructor(operator: string) {
    this.#operator = operator
  }

  step({method, path, body}: Line): Seen {
    const [route = '', query = ''] = path.split('?')
    if (route === '/oauth/token') {
      const own = (body ?? '').includes(this.#operator)
      if (!own) this.#probed = true
      return own ? 'n1' : 'n7'
    }
    if (method === 'DELETE' && route.startsWith('/api/v2/client-grants/')) {
      this.#deleted = true
      return 'n5'
    }
    if (method === 'POST' && route.endsWith('/rotate-secret')) return 'n6'
    if (method !== 'GET') return 'other'
    if (route.startsWith('/api/v2/client-grants')) {
      if (query.includes('default_for')) return 'other'
      return this.#probed ? 'n8' : this.#deleted ? 'look' : 'n3'
    }
    if (route.startsWith('/api/v2/clients/')) return query.includes('client_secret') ? 'print' : 'n2'
    return route.startsWith('/api/v2/resource-servers/') ? 'n4' : 'other'
  }
}
