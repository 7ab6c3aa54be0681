import {newRsaKey, signToken, tenantKey, type SigningKey} from '../../src/simulator/keys.ts'
import {Random} from '../../src/simulator/random.ts'
import {World} from '../../src/simulator/state.ts'
import {SimulatedTenant} from '../../src/simulator/tenant.ts'
import {TenantTime} from '../../src/simulator/time.ts'
import {systemClock} from '../../src/clock.ts'
import type {Plan} from '../../src/incident/plan.ts'

export const START = 1_780_000_000

/** Choices out of one seed; the same seed makes the same tenant. */
export class Dice {
  readonly #random: Random

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T
  }

  below(limit: number): number {
    return Number.parseInt(this.#random.text(6, '0123456789'), 10) % limit
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  some<T>(of: readonly T[], percent = 50): T[] {
    return of.filter(() => this.chance(percent))
  }
}

/** A client whose paths are asked for, and what its holder may send. */
export interface Suspect {
  readonly client_id: string
  readonly audiences: readonly string[]
  readonly organizations: readonly string[]
  readonly user: {readonly id: string; readonly name: string; readonly password: string}
  /** By credential id; the private halves of all keys that are registered. */
  readonly keys: ReadonlyMap<string, SigningKey>
}

let pool: Promise<SigningKey[]> | undefined

/** Keys are slow to make, and which one it is decides nothing. */
function somebodysKeys(): Promise<SigningKey[]> {
  pool ??= Promise.all([1, 2, 3].map(async (n) => ({...(await newRsaKey()), kid: `key-${n}`, jwk: {}})))
  return pool
}

/** An empty tenant that is reached in-process. */
export async function emptyTenant(seed: number): Promise<SimulatedTenant> {
  const world = new World({
    origin: 'http://127.0.0.1:1',
    plan: 'private',
    behaviour: {secret_propagation_seconds: 0, log_delay_seconds: 0, attacker: false, consumer: false},
    time: new TenantTime(systemClock, START),
    random: new Random(seed),
    key: await tenantKey(),
  })
  return new SimulatedTenant(world)
}

const CLIENT_POLICIES = [undefined, 'require_client_grant', 'require_client_grant', 'deny_all', 'allow_all'] as const
const USER_POLICIES = [undefined, 'allow_all', 'require_client_grant', 'deny_all'] as const
const SCOPES = ['read:things', 'write:things', 'delete:things']

/** Fills a tenant with APIs, organisations, grants of both subject types, default grants, and one client of any sort. */
export async function fill(tenant: SimulatedTenant, dice: Dice, management = true): Promise<Suspect> {
  const {world} = tenant
  const audiences = [world.audience]
  if (management) addApi(tenant, dice, world.audience, true)
  for (let n = 0; n < 1 + dice.below(3); n++) {
    audiences.push(`https://api${n}.made.example/`)
    addApi(tenant, dice, audiences.at(-1) ?? '', dice.chance(10))
  }
  const organizations = ['north', 'south'].slice(0, 1 + dice.below(2)).map((name) => tenant.addOrganization(name))
  const id = tenant.addUser('ann', 'correct horse')
  const {client_id} = tenant.addClient(clientOf(dice, organizations))
  const keys = await addKeys(tenant, dice, client_id)
  const bystander = tenant.addClient({
    name: 'bystander',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
  })
  for (const audience of audiences) {
    for (const subject_type of ['client', 'user'])
      for (const whose of [{client_id}, {client_id: bystander.client_id}, {default_for: 'third_party_clients'}])
        if (dice.chance(45)) tenant.addGrant(grantOf(dice, {...whose, audience, subject_type}), dice.some(organizations, 40))
  }
  return {client_id, audiences, organizations, user: {id, name: 'ann', password: 'correct horse'}, keys}
}

function addApi(tenant: SimulatedTenant, dice: Dice, identifier: string, system: boolean): void {
  const client = dice.one(CLIENT_POLICIES)
  const user = dice.one(USER_POLICIES)
  const names = system ? [...SCOPES, 'read:current_user'] : SCOPES
  tenant.addResourceServer({
    name: identifier,
    identifier,
    is_system: system,
    scopes: names.map((value) => ({value, description: value})),
    subject_type_authorization: {
      ...(client === undefined || identifier === tenant.world.audience ? {} : {client: {policy: client}}),
      ...(user === undefined ? {} : {user: {policy: user}}),
    },
  })
}

function clientOf(dice: Dice, organizations: readonly string[]): Record<string, unknown> {
  const party = dice.one([{}, {}, {strict: true}, {strict: false}, {unsaid: true}]) as Record<string, boolean>
  const method = dice.one(['client_secret_post', 'client_secret_post', 'client_secret_basic', 'none', undefined])
  return {
    name: 'suspect',
    ...(Object.keys(party).length > 0 && {is_first_party: false}),
    ...('strict' in party && {third_party_security_mode: party['strict'] === true ? 'strict' : 'permissive'}),
    grant_types: dice.some(
      ['client_credentials', 'client_credentials', 'authorization_code', 'password', 'refresh_token', 'implicit'],
      60,
    ),
    ...(method === undefined ? {} : {token_endpoint_auth_method: method}),
    ...(dice.chance(30) && {
      default_organization: {organization_id: dice.one(organizations), flows: dice.some(['client_credentials'], 80)},
    }),
  }
}

async function addKeys(tenant: SimulatedTenant, dice: Dice, client_id: string): Promise<Map<string, SigningKey>> {
  const found = new Map<string, SigningKey>()
  const client = tenant.world.clients.get(client_id)
  if (!client || !dice.chance(35)) return found
  const keys = await somebodysKeys()
  const before = client.wire['token_endpoint_auth_method']
  for (const key of keys.slice(0, 1 + dice.below(2))) {
    const id = await tenant.addKeyCredential(client_id, key.publicKey.export({type: 'spki', format: 'pem'}).toString())
    const credential = client.credentials.get(id)
    if (credential && dice.chance(30))
      credential.wire['expires_at'] = new Date((START + dice.one([-60, 3600])) * 1000).toISOString()
    found.set(id, key)
  }
  if (dice.chance(30)) {
    // registered, not bound: the secret is in force
    delete client.wire['client_authentication_methods']
    client.secret_hidden = false
    if (before !== undefined) client.wire['token_endpoint_auth_method'] = before
  }
  return found
}

function grantOf(dice: Dice, whose: Record<string, unknown>): Record<string, unknown> {
  const usage = dice.one([undefined, undefined, 'deny', 'allow', 'require'])
  return {
    ...whose,
    ...(dice.chance(15) ? {allow_all_scopes: true} : {scope: dice.some(SCOPES)}),
    ...(dice.chance(10) && {is_system: true}),
    ...(usage !== undefined &&
      whose['subject_type'] === 'client' && {organization_usage: usage, allow_any_organization: dice.chance(25)}),
  }
}

/** A private_key_jwt assertion by this key. */
export function assertionBy(key: SigningKey, client_id: string, issuer: string, now: number, jti: string): string {
  const claims = {iss: client_id, sub: client_id, aud: issuer, iat: now, exp: now + 60, jti}
  return signToken(key, claims, {alg: 'RS256', typ: 'JWT'})
}

/** What the steps of the plan do, without its requests. */
export function carryOut(tenant: SimulatedTenant, plan: Plan): void {
  const {world} = tenant
  for (const step of plan.steps) {
    if (step.action === 'client_grant.delete') {
      const grant = world.grants.get(step.args.grant_id)
      if (grant) world.deleteGrant(grant)
    }
    if (step.action === 'client_secret.rotate' && !world.clients.get(plan.client_id)?.wire['client_authentication_methods'])
      tenant.rotate(plan.client_id)
  }
}
