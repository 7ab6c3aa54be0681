import type {Probe} from '../auth0/probes.ts'
import type {Client} from '../auth0/resources/client.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {rfc3339} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {usesKey} from '../incident/tenant-snapshot.ts'
import {Secret} from '../secret.ts'
import {ASSERTION_ALGORITHMS} from '../tokens/assertion.ts'
import type {AssertionAlgorithm} from '../tokens/assertion.ts'
import {privateKeyPem} from '../tokens/find-key.ts'
import type {Inspection} from '../tokens/inspect.ts'

/** Does a leaked credential still work? One answer of the tenant, no proof: `secret verify` proves. */
export interface Liveness {
  readonly verdict: 'alive' | 'dead' | 'unknown'
  readonly reason: string
  /** HTTP status of the answer that decided it. */
  readonly status?: number
}

export interface Leaked {
  readonly found: Inspection
  /** The value alone, without what was pasted around it. */
  readonly value: Secret
  /** Whose it is, where that is known. */
  readonly client_id?: string | undefined
  /** Id of the registered key, where that is known. */
  readonly credential_id?: string | undefined
}

/** What can be said without asking: an expired token is dead, and what nobody may ask stays unknown. */
export function standingUnasked({found}: Pick<Leaked, 'found'>, now: number, why = 'not asked (--probe)'): Liveness {
  const expired = expiry(found, now)
  if (expired) return expired
  return unasked(found) ?? unknown(why)
}

/**
 * Asks the tenant in ways that mint no token and read no data: a made-up authorization code for a secret or a key, a grant
 * that does not exist for a token of the Management API. What cannot be asked like that is unknown, and says why.
 *
 * @param now NumericDate, tenant time
 */
export async function liveness(tenant: Tenant, leaked: Leaked, now: number): Promise<Liveness> {
  const {found} = leaked
  const expired = expiry(found, now)
  if (expired) return expired
  const without = unasked(found)
  if (without) return without
  try {
    if (found.type === 'client-secret') return await ofSecret(tenant, leaked)
    if (found.type === 'private-key') return await ofKey(tenant, leaked)
    return await ofToken(tenant, leaked)
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    return unknown(error.message.replace(/\.$/, ''))
  }
}

function expiry(found: Inspection, now: number): Liveness | undefined {
  if (found.expires_at === undefined || found.expires_at > now) return undefined
  return {verdict: 'dead', reason: `it expired at ${rfc3339(found.expires_at)}`}
}

/** Kinds for which there is no question that neither mints nor reads nor uses something up. */
function unasked(found: Inspection): Liveness | undefined {
  if (found.bound) return unknown('it is bound to a key that is not at hand: the tenant would refuse it from us, alive or not')
  if (found.for_management_api) return undefined
  if (found.type === 'client-secret' || found.type === 'private-key') return undefined
  const until = found.expires_at === undefined ? '' : ` until ${rfc3339(found.expires_at)}`
  if (found.type === 'machine-token' || found.type === 'user-token')
    return unknown(`only its own API can say; one that checks signature and exp takes it${until}`)
  return unknown(UNASKED[found.type] ?? 'nothing is known that would take it')
}

const UNASKED: Partial<Record<Inspection['type'], string>> = {
  'encrypted-token': 'only the API it is for can read it; its lifetime is that of the API',
  'opaque-token': "asking /userinfo would read somebody's profile",
  'refresh-token': 'asking would use it: with rotation a second use ends the whole family',
  'id-token': 'an ID token opens no API, so nothing takes it',
  'signing-secret': 'the tenant does not tell; it is alive until the API has another one',
}

async function ofToken(tenant: Tenant, {found, value}: Leaked): Promise<Liveness> {
  const probe = await tenant.probeToken(value)
  // A token that came through a custom domain is refused everywhere else (401), though it is alive there.
  const elsewhere = found.type !== 'operator-token' && found.claims?.['iss'] !== tenant.origin.issuer
  if (probe.verdict === 'dead' && elsewhere)
    return told(probe, 'unknown', 'refused here, but another domain issued it: ask there')
  if (probe.verdict === 'alive') return told(probe, 'alive', 'the Management API takes it')
  return probe.verdict === 'dead' ? told(probe, 'dead', 'the Management API refuses it') : unclear(probe)
}

async function ofSecret(tenant: Tenant, {value, client_id}: Leaked): Promise<Liveness> {
  if (client_id === undefined)
    return unknown('whose it is is not known: name the application (--client), or compare (--find-client)')
  const client = await shownClient(tenant, client_id)
  if (client && usesKey(client))
    return {
      verdict: 'dead',
      reason: 'the application proves itself with a key; its secret works again once that is switched back',
    }
  const method = client?.token_endpoint_auth_method
  if (method === 'none') return {verdict: 'dead', reason: 'the application is public and has no use for a secret'}
  const ways =
    method === 'client_secret_basic' ? (['basic'] as const) : method ? (['post'] as const) : (['post', 'basic'] as const)
  let last: Liveness = unknown('nothing was asked')
  for (const way of ways) {
    const probe = await tenant.probeSecret(client_id, value, way)
    if (probe.verdict === 'alive') return told(probe, 'alive', 'the token endpoint takes it and refuses only our made-up code')
    last = probe.verdict === 'dead' ? told(probe, 'dead', REFUSED) : unclear(probe)
    if (last.verdict !== 'dead') return last
  }
  return last
}

const REFUSED = 'the token endpoint refuses it; one refusal is no proof, stanch secret verify makes one'

async function ofKey(tenant: Tenant, {value, client_id, credential_id}: Leaked): Promise<Liveness> {
  const pem = privateKeyPem(value.reveal())
  if (pem === undefined) return unknown('the key cannot be read: a passphrase, or damaged')
  if (client_id === undefined)
    return unknown('whose it is is not known: name the application (--client), or compare (--find-client)')
  const private_key_pem = new Secret(pem)
  let last: Liveness = unknown('nothing was asked')
  for (const alg of await algorithms(tenant, client_id, credential_id)) {
    const probe = await tenant.probeKey({kind: 'private_key', client_id, private_key_pem, alg})
    if (probe.verdict === 'alive') return told(probe, 'alive', 'the token endpoint takes what it signs')
    last = probe.verdict === 'dead' ? told(probe, 'dead', 'the token endpoint refuses what it signs') : unclear(probe)
    if (last.verdict !== 'dead') return last
  }
  return last
}

/** The one that the key is registered with; all that Auth0 takes where that cannot be read. */
async function algorithms(tenant: Tenant, clientId: string, credentialId: string | undefined): Promise<AssertionAlgorithm[]> {
  const all: AssertionAlgorithm[] = [...ASSERTION_ALGORITHMS]
  if (credentialId === undefined) return all
  try {
    const alg = (await tenant.listCredentials(clientId)).find((one) => one.id === credentialId)?.alg
    return all.filter((one) => alg === undefined || one === alg)
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    return all
  }
}

/** How the client sends its secret, where our credential may see it. */
async function shownClient(tenant: Tenant, clientId: string): Promise<Client | undefined> {
  try {
    return await tenant.getClient(clientId)
  } catch (error) {
    if (!(error instanceof StanchError)) throw error
    return undefined
  }
}

function told(probe: Probe, verdict: Liveness['verdict'], reason: string): Liveness {
  const said = probe.status === undefined ? '' : ` (${probe.status}${probe.error === undefined ? '' : ` ${probe.error}`})`
  return {verdict, reason: `${reason}${said}`, ...(probe.status === undefined ? {} : {status: probe.status})}
}

function unclear(probe: Probe): Liveness {
  return told(probe, 'unknown', probe.status === undefined ? 'no answer that says anything' : 'the answer says nothing about it')
}

function unknown(reason: string): Liveness {
  return {verdict: 'unknown', reason}
}
