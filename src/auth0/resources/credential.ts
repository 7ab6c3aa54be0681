/** A public credential of a client (GET api/v2/clients/{id}/credentials). Holds no private part. */
export interface ClientCredential {
  readonly id: string
  readonly credential_type: string
  readonly kid?: string
  readonly alg?: string
  readonly name?: string
  readonly expires_at?: string
}
