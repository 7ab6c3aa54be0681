import {tellStory} from '../history/story.ts'
import type {Journey} from '../history/story.ts'
import {signed} from '../issue.ts'
import type {SimulatedTenant} from '../tenant.ts'
import {CONSUMER_HOME, INVOICES, landscape} from './landscape.ts'
import type {Practice, Scenario} from './scenario.ts'

/**
 * A scenario with a history: days of services, administrators and users, then an attacker whose acts are known, all in
 * the tenant's log. What he planted is in the tenant. The drill hunts it and says what was found and what was missed.
 */
function told(name: string, summary: string, journey: Journey): Scenario {
  return {
    name,
    summary,
    build(tenant): Practice {
      const {world} = tenant
      const {operator} = landscape(tenant)
      const client = tenant.addClient({
        ...CLIENTS[journey],
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
      })
      const {client_id} = client
      const audience = journey === 'J10' ? INVOICES : world.audience
      const audiences = [audience]
      tenant.addGrant({
        client_id,
        audience,
        scope: journey === 'J10' ? ['read:invoices'] : ['read:users', 'update:users', 'read:clients'],
      })
      const story = tellStory({
        journey,
        seed: world.random.below(1_000_000),
        now: world.time.ms(),
        host: world.host,
        audience: world.audience,
        leaked: {client_id, name: CLIENTS[journey].name},
        open: true,
      })
      for (const {at, event, by, deed, leaves} of story.scenes) {
        const log_id = world.logs.add(event, at)
        world.truth.push({log_id, by, ...(deed === undefined ? {} : {deed}), ...(leaves ? {leaves} : {})})
        if (leaves?.kind === 'client') tenant.addClient({client_id: leaves.id, name: 'health-check'})
        if (leaves?.kind === 'grant' && by === 'attacker')
          tenant.addGrant({id: leaves.id, client_id: named(event, client_id), audience: world.audience, scope: ['read:users']})
      }
      const leaked_at = Math.floor(story.leaked_at / 1000)
      if (journey === 'J2') {
        const age = world.time.now() - leaked_at + 7200
        return {
          operator,
          leak: {kind: 'management-token', client_id, value: signed(world, tenant.issueClaims({client_id, age})), leaked_at},
        }
      }
      const used = tenant.issueClaims({
        client_id,
        audience,
        age: world.time.now() - leaked_at + 3600,
        from: CONSUMER_HOME,
      })
      tenant.addConsumer({client_id, audiences, held: [used]})
      if (journey !== 'J14') tenant.addAttacker({client_id, loot: {secret: client.client_secret}, audiences, held: []})
      return {operator, leak: {kind: 'client-secret', client_id, value: client.client_secret, leaked_at}}
    },
  }
}

const CLIENTS: Readonly<Record<Journey, {readonly name: string} & Readonly<Record<string, unknown>>>> = {
  J1: {name: 'billing-sync'},
  J2: {name: 'API Explorer Application'},
  J9: {name: 'billing-sync'},
  J10: {name: 'Partner portal', is_first_party: false, third_party_security_mode: 'strict'},
  J14: {name: 'billing-sync'},
}

/** The client that a request names, by its answer. */
function named(event: Readonly<Record<string, unknown>>, otherwise: string): string {
  const details = event['details'] as {response?: {body?: {client_id?: unknown}}} | undefined
  const id = details?.response?.body?.client_id
  return typeof id === 'string' ? id : otherwise
}

export const TOLD: readonly Scenario[] = [
  told(
    'secret-in-repository',
    'days of history, then a secret from a public repository is used to stay in the tenant: find it all',
    'J1',
  ),
  told('explorer-token', 'an all-scopes token from the API Explorer got out; its administrator works with it, too', 'J2'),
  told('whose-secret', 'nothing but a string; somebody tries it with several clients', 'J9'),
  told('partner', "a partner's application leaked; the partner has two addresses", 'J10'),
  told('false-alarm', 'it looks like an attack and is none: services moved, administrators worked', 'J14'),
]

/** Who is behind an entry that the people of the tenant left after its history was told. */
export function liveTruth(tenant: SimulatedTenant) {
  const told = new Set(tenant.world.truth.map(({log_id}) => log_id))
  return tenant.logs().flatMap((entry) => {
    const log_id = String(entry['log_id'])
    const by =
      entry['ip'] === '203.0.113.66'
        ? ('attacker' as const)
        : entry['ip'] === CONSUMER_HOME.ip
          ? ('legitimate' as const)
          : ('ours' as const)
    return told.has(log_id) ? [] : [{log_id, by, ...(by === 'attacker' ? {deed: 'uses what leaked'} : {})}]
  })
}

/** What was told, without the things that are gone by now: what the response itself took away is not left behind. */
export function stillThere({truth, grants, clients}: SimulatedTenant['world']): SimulatedTenant['world']['truth'] {
  return truth.map(({leaves, ...rest}) => {
    const gone = (leaves?.kind === 'grant' && !grants.has(leaves.id)) || (leaves?.kind === 'client' && !clients.has(leaves.id))
    return leaves && !gone ? {...rest, leaves} : rest
  })
}
