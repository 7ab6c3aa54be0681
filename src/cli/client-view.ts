import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import type {Client} from '../auth0/resources/client.ts'
import type {ClientCredential} from '../auth0/resources/credential.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {humanDuration} from '../clock.ts'
import {attempt} from '../execution/attempt.ts'
import {MAX_TOKEN_LIFETIME} from '../incident/exposure-facts.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import {usesKey} from '../incident/tenant-snapshot.ts'
import {printable, quoted} from '../untrusted.ts'

/** How long tokens for one API live. */
export interface Lifetime {
  readonly audience: string
  readonly name: string
  readonly token_lifetime_seconds: number
  readonly lifetime_source: 'tenant' | 'assumed_max'
}

/** An application and everything that a token can be got with. Holds no secret and no key. */
export type ClientView = Client & {
  readonly grants: readonly ClientGrant[]
  /** Public keys and certificates by which it proves itself; null when they could not be read. */
  readonly credentials: readonly ClientCredential[] | null
  readonly lifetimes: readonly Lifetime[]
  readonly evidence_gaps: readonly EvidenceGap[]
}

/** Reads one application. What a missing scope hides becomes an evidence gap. @throws auth0.not_found */
export async function readClientView(tenant: Tenant, clientId: string): Promise<ClientView> {
  const gaps: EvidenceGap[] = []
  const [client, grants] = await Promise.all([tenant.getClient(clientId), tenant.listClientGrants({client_id: clientId})])
  const audiences = [...new Set(grants.map((grant) => grant.audience))].sort()
  const [credentials, lifetimes] = await Promise.all([
    attempt(() => tenant.listCredentials(clientId), gaps, {
      code: 'credentials_unreadable',
      what: `credentials of client ${clientId}`,
    }),
    Promise.all(audiences.map((audience) => lifetimeOf(tenant, audience, gaps))),
  ])
  return {...client, grants, credentials: credentials ?? null, lifetimes, evidence_gaps: gaps}
}

async function lifetimeOf(tenant: Tenant, audience: string, gaps: EvidenceGap[]): Promise<Lifetime> {
  const gap = {code: 'lifetime_unreadable', what: `token lifetime of ${audience}`}
  const server = await attempt(() => tenant.getResourceServer(audience), gaps, gap)
  const known = server?.token_lifetime
  if (known === undefined && !gaps.some((one) => one.what === gap.what)) {
    gaps.push({...gap, why: server ? 'the answer does not say it' : 'there is no such API any more'})
  }
  return {
    audience,
    name: server?.name ?? audience,
    token_lifetime_seconds: known ?? MAX_TOKEN_LIFETIME,
    lifetime_source: known === undefined ? 'assumed_max' : 'tenant',
  }
}

/** How an application proves itself, in one or two words. */
export function authentication(client: Client): string {
  if (client.client_authentication_methods?.private_key_jwt) return 'private_key_jwt'
  if (usesKey(client)) return 'certificate'
  return client.token_endpoint_auth_method ?? 'not visible'
}

const TYPES: Readonly<Record<string, string>> = {non_interactive: 'machine', regular_web: 'web', spa: 'spa', native: 'native'}
const PROOFS: Readonly<Record<string, string>> = {
  client_secret_post: 'secret, post',
  client_secret_basic: 'secret, basic',
  private_key_jwt: 'key',
}

/** For a row of a list, where ids and names need the room; `client show` has the words of the wire. */
export function shortType(client: Client): string {
  return client.app_type === undefined ? '' : (TYPES[client.app_type] ?? client.app_type)
}

export function shortProof(client: Client): string {
  const proof = authentication(client)
  return PROOFS[proof] ?? proof
}

export function clientLines(view: ClientView): string[] {
  const lines = [
    `Client:     ${view.client_id} ${quoted(view.name)}`,
    `Type:       ${printable(view.app_type ?? 'not visible')}${view.is_first_party === false ? ', third party' : ''}`,
    `Proves by:  ${printable(authentication(view))}`,
    `Flows:      ${view.grant_types === undefined ? 'not visible' : view.grant_types.map((type) => printable(type, 60)).join(', ') || 'none'}`,
  ]
  if (view.credentials === null) lines.push('Keys:       not visible')
  for (const key of view.credentials ?? []) {
    lines.push(
      `Key:        ${key.id} ${printable(key.credential_type, 40)}${key.alg === undefined ? '' : ` ${printable(key.alg, 20)}`}${key.name === undefined ? '' : ` ${quoted(key.name)}`}${key.kid === undefined ? '' : `, kid ${printable(key.kid, 60)}`}${key.expires_at === undefined ? '' : `, until ${printable(key.expires_at, 40)}`}`,
    )
  }
  lines.push(...grantLines(view.grants))
  for (const life of view.lifetimes) {
    const assumed = life.lifetime_source === 'assumed_max' ? ' at most; not readable' : ''
    lines.push(`Tokens for ${printable(life.name, 60)} live ${humanDuration(life.token_lifetime_seconds)}${assumed}`)
  }
  if (view.evidence_gaps.length > 0)
    lines.push('Not known:', ...view.evidence_gaps.map((gap) => `  - ${printable(gap.what)}: ${printable(gap.why, 400)}`))
  return lines
}

/** One client grant in one line each, with what it opens. */
export function grantLines(grants: readonly ClientGrant[]): string[] {
  if (grants.length === 0) return ['Grants:     none']
  return [
    'Grants:',
    ...grants.map((grant) => {
      const notes = [
        grant.allow_all_scopes ? 'all scopes' : (grant.scope ?? []).map((scope) => printable(scope, 60)).join(' ') || 'no scope',
        ...((grant.subject_type ?? 'client') === 'client' ? [] : [`for ${printable(grant.subject_type ?? '', 20)}s`]),
        ...(grant.is_system ? ['system: cannot be deleted'] : []),
      ]
      return `  - ${grant.id} on ${printable(grant.audience, 120)}: ${notes.join('; ')}`
    }),
  ]
}
