import type {SimulatedTenant} from '../tenant.ts'

/** What the person who practises is given: a credential to act with, and what leaked. */
export interface Practice {
  readonly operator: {readonly client_id: string; readonly client_secret: string}
  readonly leak: {
    readonly kind: 'client-secret' | 'management-token' | 'private-key'
    readonly client_id: string
    /** The secret, the token, or the private key as PEM. */
    readonly value: string
    /** NumericDate: when it leaked, where the scenario has a history. */
    readonly leaked_at?: number
  }
}

export interface Scenario {
  readonly name: string
  /** One line for `stanch drill --help`. */
  readonly summary: string
  build(tenant: SimulatedTenant): Promise<Practice> | Practice
}
