import {CLIENTS_PATH} from '../auth0/secret-list.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {isCode, StanchError} from '../errors.ts'
import {usesKey} from '../incident/tenant-snapshot.ts'
import type {Secret} from '../secret.ts'
import type {ActTrail} from './act-trail.ts'
import {readWithIntent} from './read-with-intent.ts'

/** Whose a leaked credential is. `none` is an answer: of the applications that were compared it is no one's. */
export interface Owner {
  readonly verdict: 'found' | 'none' | 'unknown'
  /** By what it was found: the credential names it, its secret is this value, a registered key has this thumbprint. */
  readonly by?: 'name' | 'secret' | 'key'
  readonly client_id?: string
  readonly name?: string
  readonly credential_id?: string
  /** How many applications were compared. */
  readonly compared: number
  /** How many show nothing that could be compared: keys where a secret was asked for, or a scope that hides it. */
  readonly not_shown: number
  readonly reason: string
}

/** Most applications whose secrets are compared, and most whose keys are listed one by one. */
const MAX_CLIENTS = 10_000
const MAX_KEYED = 500

/** What a comparison is carried out with. */
export interface Comparison {
  readonly tenant: Tenant
  readonly journal: ActTrail
}

const SECRET_SCOPES = ['read:client_keys', 'read:client_credentials']

/** The client that a token names: is it one of this tenant's? */
export async function namedClient(tenant: Tenant, clientId: string): Promise<Owner> {
  try {
    const {name} = await tenant.getClient(clientId)
    return {
      verdict: 'found',
      by: 'name',
      client_id: clientId,
      name,
      compared: 1,
      not_shown: 0,
      reason: 'it names this client itself',
    }
  } catch (error) {
    if (!isCode(error, 'auth0.not_found')) throw error
    return {
      verdict: 'none',
      client_id: clientId,
      compared: 1,
      not_shown: 0,
      reason: 'it names a client that this tenant does not have: deleted since, or of another tenant',
    }
  }
}

/**
 * Compares a bare secret with those of all applications, in memory. It reads every one of them, which the tenant logs
 * (`mgmt_api_read`): each page has its intent on disk before it is asked for. Nothing of them is kept.
 *
 * @throws {StanchError} `auth0.scope_missing` before anything is sent; `auth0.refused` when the tenant refuses a page
 */
export async function ownerOfSecret(run: Comparison, secret: Secret): Promise<Owner> {
  const {tenant, journal} = run
  const {scopes} = await tenant.operator()
  if (!SECRET_SCOPES.some((scope) => scopes.includes(scope))) {
    throw new StanchError(
      'auth0.scope_missing',
      `Our client lacks one of ${SECRET_SCOPES.join(', ')} to compare secrets. Nothing was sent.`,
      {
        hint: 'Name the application with --client, or add the scope for this one look.',
      },
    )
  }
  let [compared, not_shown] = [0, 0]
  let from: string | undefined
  for (;;) {
    const {clients, next} = await page(run, from)
    for (const one of clients) {
      if (!one.secret) not_shown++
      else {
        compared++
        if (one.secret.equals(secret)) {
          const reason = `its secret is the leaked value; ${compared} compared`
          return written(journal, {verdict: 'found', client_id: one.client_id, name: one.name, compared, not_shown, reason})
        }
      }
    }
    if (next === undefined) break
    if (compared + not_shown >= MAX_CLIENTS) {
      const reason = `the first ${compared} applications do not have it; the tenant has more than ${MAX_CLIENTS}`
      return written(journal, {verdict: 'unknown', compared, not_shown, reason})
    }
    from = next
  }
  const hidden = not_shown === 0 ? '' : `; ${not_shown} show no secret`
  const reason = `none of this tenant's ${compared} clients with a secret has it now: replaced since, or of another tenant${hidden}`
  return written(journal, {verdict: 'none', compared, not_shown, reason})
}

async function page({tenant, journal}: Comparison, from: string | undefined) {
  const {answer, done} = await readWithIntent(
    journal,
    {
      action: 'client_secret.read',
      target: 'clients:all',
      req: {method: 'GET', path: CLIENTS_PATH},
      phase: 'triage',
      why: 'whose is the leaked secret? Compared in memory; the tenant logs the read',
    },
    (correlationId) => tenant.readSecrets(from, correlationId),
  )
  if (done) return answer
  const {sent} = answer
  const said = sent.kind === 'answered' ? `answered ${sent.status}` : 'gave no answer'
  throw new StanchError('auth0.refused', `The tenant ${said} when its applications were to be compared. Nothing was changed.`)
}

function written(journal: ActTrail, owner: Owner): Owner {
  const {verdict, client_id, compared} = owner
  journal.observe({
    action: 'client_secret.compare',
    ...(client_id === undefined ? {} : {target: `client:${client_id}`}),
    finding: owner.reason,
    verdict,
    count: compared,
  })
  journal.trail.checkpoint()
  return owner
}

/**
 * The client that has registered this key, by its RFC 7638 thumbprint: Auth0 gives it as `kid` to a key that was registered
 * without one. A key under a `kid` of somebody's choice is not found like this. Shows no secret.
 *
 * @param only one client to look at instead of all
 */
export async function ownerOfKey(tenant: Tenant, thumbprint: string, only?: string): Promise<Owner> {
  let [compared, not_shown] = [0, 0]
  for await (const client of only === undefined ? keyed(tenant) : [await tenant.getClient(only)]) {
    if (compared === MAX_KEYED) {
      const reason = `the first ${compared} applications with keys do not have it; there are more`
      return {verdict: 'unknown', compared, not_shown, reason}
    }
    const credentials = await tenant.listCredentials(client.client_id)
    compared++
    const chosen = credentials.filter((one) => one.kid !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(one.kid))
    not_shown += chosen.length
    const found = credentials.find((one) => one.kid === thumbprint)
    if (!found) continue
    const {client_id, name} = client
    const bound = JSON.stringify(client.client_authentication_methods ?? {}).includes(`"${found.id}"`)
    const reason = `its credential ${found.id} has this thumbprint${bound ? '' : '; it is registered, but not bound'}`
    return {verdict: 'found', by: 'key', client_id, name, credential_id: found.id, compared, not_shown, reason}
  }
  if (not_shown > 0)
    return {
      verdict: 'unknown',
      compared,
      not_shown,
      reason: `${not_shown} key(s) have a kid of somebody's choice and cannot be compared`,
    }
  return {verdict: 'none', compared, not_shown, reason: `none of this tenant's ${compared} clients with keys has registered it`}
}

/** Applications that use a key, or whose keys are not shown. */
async function* keyed(tenant: Tenant) {
  for await (const client of tenant.listClients()) {
    if (usesKey(client) || (client.token_endpoint_auth_method ?? undefined) === undefined) yield client
  }
}
