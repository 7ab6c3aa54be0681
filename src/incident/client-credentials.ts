import {usesKey, type TenantSnapshot} from './tenant-snapshot.ts'

/** Something with which somebody proves to be the client, and whether the token endpoint takes it. */
export interface PathCredential {
  readonly kind: 'secret' | 'new_secret' | 'key' | 'certificate' | 'none'
  /** `cred_...` */
  readonly id?: string
  readonly accepted: boolean
  readonly why: string
}

/**
 * Everything with which the client can prove itself, also what is not in use: a secret that is hidden behind a key comes back
 * unchanged when the method is switched back, and a registered key needs only to be bound.
 *
 * @param rotated the plan replaces the secret
 */
export function credentialsOf(snapshot: TenantSnapshot, rotated: boolean): PathCredential[] {
  const {client} = snapshot
  const method = client.token_endpoint_auth_method
  if (method === 'none') return [{kind: 'none', accepted: true, why: 'a public client proves nothing'}]
  const found = usesKey(client) ? [...boundOf(snapshot), HIDDEN_SECRET] : secretsOf(snapshot, rotated)
  const known = new Set(found.map((one) => one.id))
  for (const {id} of snapshot.credentials ?? []) {
    if (!known.has(id)) found.push({kind: 'key', id, accepted: false, why: 'registered, but not bound to the client'})
  }
  return found
}

const HIDDEN_SECRET: PathCredential = {
  kind: 'secret',
  accepted: false,
  why: 'the client proves itself with a key; its secret is kept, and works again once the method is switched back',
}

/** Auth0 refuses to rotate for a client that uses a key: where a rotation took effect, there was none. */
function secretsOf(snapshot: TenantSnapshot, rotated: boolean): PathCredential[] {
  const sure = (snapshot.client.token_endpoint_auth_method ?? undefined) !== undefined || showsMethods(snapshot)
  const why = sure ? 'the secret in force' : 'the secret in force, or a key: which of them is not shown to this credential'
  if (!rotated) return [{kind: 'secret', accepted: true, why}]
  return [
    {kind: 'secret', accepted: false, why: 'the old secret is dead'},
    {kind: 'new_secret', accepted: true, why: 'the new secret'},
  ]
}

function boundOf(snapshot: TenantSnapshot): PathCredential[] {
  const methods = snapshot.client.client_authentication_methods
  const keys = (methods?.private_key_jwt?.credentials ?? []).map(({id}) => ({kind: 'key' as const, id}))
  const certificates = [methods?.tls_client_auth, methods?.self_signed_tls_client_auth].flatMap((one) =>
    (one?.credentials ?? []).map(({id}) => ({kind: 'certificate' as const, id})),
  )
  return [...keys, ...certificates].map((one) => ({...one, ...standing(snapshot, one.id)}))
}

/** What is bound and not shown counts as alive. */
function standing({credentials, server_time, taken_at}: TenantSnapshot, id: string): Pick<PathCredential, 'accepted' | 'why'> {
  if (!credentials) return {accepted: true, why: 'bound to the client; until when it is good is not shown'}
  const found = credentials.find((one) => one.id === id)
  if (!found) return {accepted: false, why: 'bound to the client, but there is no such credential any more'}
  const now = server_time ?? Date.parse(taken_at) / 1000
  const expires = found.expires_at === undefined ? undefined : Date.parse(found.expires_at) / 1000
  if (expires !== undefined && expires <= now) return {accepted: false, why: 'expired'}
  return {accepted: true, why: 'bound to the client'}
}

/** Which keys a client has is shown to these scopes only (Auth0's page of GET clients). */
function showsMethods({operator}: TenantSnapshot): boolean {
  return ['read:client_keys', 'read:client_credentials'].some((scope) => operator.scopes.includes(scope))
}
