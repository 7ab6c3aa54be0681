import type {Home} from './homes.ts'
import type {Hand, Telling} from './telling.ts'

/** Milliseconds; what the people of a tenant do is told between these. */
export interface Span {
  readonly from: number
  readonly leaked: number
  readonly contained: number
  readonly to: number
}

const HOUR = 3_600_000
const MINUTE = 60_000

export interface Service {
  readonly client_id: string
  readonly name: string
  readonly homes: readonly Home[]
  readonly audiences: readonly string[]
  /** Milliseconds between tokens. */
  readonly rhythm: number
  /** Makes and changes users all day, from before the leak on. */
  readonly provisions: boolean
}

/** A service that gets tokens at its own rhythm. With `until_contained` it fails afterwards, then has the new secret. */
export function tellService(telling: Telling, service: Service, span: Span, leaked: boolean): void {
  const {random} = telling
  const deployed = span.contained + (20 + random.below(200)) * MINUTE
  for (const home of service.homes) {
    const hand: Hand = {by: 'legitimate', client_id: service.client_id, name: service.name, home}
    for (const audience of service.audiences) {
      for (let at = span.from + random.below(service.rhythm); at < span.to; at += service.rhythm + random.below(10 * MINUTE)) {
        if (leaked && at > span.contained && at < deployed) {
          telling.refused(at, hand, audience)
          continue
        }
        const jti = telling.token(at, hand, audience)
        if (service.provisions) provision(telling, hand, at, jti)
      }
    }
  }
}

function provision(telling: Telling, hand: Hand, at: number, jti: string): void {
  const {random} = telling
  const id = random.text(24, '0123456789abcdef')
  telling.request(at + 2 * MINUTE, hand, 'post', '/users', {
    jti,
    status: 201,
    description: 'Create a User',
    response: {user_id: `auth0|${id}`},
  })
  telling.request(at + 3 * MINUTE, hand, 'patch', `/users/auth0%7C${id}`, {jti, body: {app_metadata: {plan: 'basic'}}})
}

/** The leaked client's service in a new place after the leak: with its own tool, or with one that nobody knows yet. */
export function tellMoved(telling: Telling, service: Service, span: Span): void {
  const {random, homes} = telling
  const [home] = service.homes
  const start = span.leaked + random.below(Math.max(1, span.contained - span.leaked))
  if (home && random.chance(0.6)) {
    const hand: Hand = {by: 'legitimate', client_id: service.client_id, name: service.name, home: homes.moved(home)}
    for (let at = start; at < span.contained; at += service.rhythm) {
      const jti = telling.token(at, hand, service.audiences[0] ?? telling.audience)
      if (service.provisions) provision(telling, hand, at, jti)
    }
  }
  if (random.chance(0.3)) {
    const hand: Hand = {by: 'legitimate', client_id: service.client_id, name: service.name, home: homes.service()}
    telling.token(start, hand, service.audiences[0] ?? telling.audience)
  }
}

/** The team's deployment tool: changes clients, grants, Actions, connections and streams every few hours, all the time. */
export function tellAutomation(telling: Telling, client_id: string, span: Span): void {
  const {random, homes} = telling
  const home = homes.service('Terraform')
  const moved = random.chance(0.3) ? homes.moved(home) : home
  const target = random.clientId()
  for (let at = span.from + random.below(2 * HOUR); at < span.to; at += 6 * HOUR + random.below(2 * HOUR)) {
    const hand: Hand = {by: 'legitimate', client_id, name: 'deploy', home: at > span.leaked + 2 * HOUR ? moved : home}
    const jti = telling.token(at, hand, telling.audience)
    const ask = (minute: number, method: string, path: string, body: unknown, response: Record<string, unknown> = {}) =>
      telling.request(at + minute * MINUTE, hand, method, path, {jti, body, response})
    ask(1, 'patch', `/clients/${target}`, {callbacks: ['https://shop.acme.example/cb']})
    ask(
      2,
      'patch',
      `/client-grants/${random.grantId()}`,
      {scope: ['update:users']},
      {audience: telling.audience, client_id: target},
    )
    ask(3, 'patch', '/actions/actions/5f1b9c2e000000000000a001', {code: 'exports.onExecutePostLogin = async () => {}'})
    ask(4, 'post', '/actions/actions/5f1b9c2e000000000000a001/deploy', null)
    ask(5, 'patch', '/log-streams/lst_0000000000000001', {name: 'siem'})
    ask(6, 'patch', '/connections/con_Zyxwvutsrqponmlk', {options: {brute_force_protection: true}})
    if (random.chance(0.3)) ask(7, 'post', '/clients', {name: 'preview'}, {client_id: random.clientId()})
    if (random.chance(0.3)) telling.request(at + 8 * MINUTE, hand, 'get', `/clients/${target}`, {jti, secrets: ['client_secret']})
  }
}

/** Administrators in the Dashboard, whose acts look like those of an attacker; one may have begun after the leak. */
export function tellAdmins(telling: Telling, dashboard: string, explorer: string, span: Span): void {
  const {random, homes} = telling
  const count = 1 + random.below(3)
  for (let i = 0; i < count; i++) {
    const email = `admin${i}@acme.example`
    const home = homes.person()
    const begun = i > 0 && random.chance(0.4) ? span.leaked + HOUR : span.from
    const hand: Hand = {by: 'legitimate', client_id: dashboard, name: 'Dashboard', home, email}
    for (let at = begun + random.below(8 * HOUR); at < span.to; at += (3 + random.below(14)) * HOUR) {
      const [method, path, body, description] = random.pick(ADMIN_ACTS)
      const id = random.text(16, 'abcdefghijklmnop')
      telling.request(at, hand, method, path.replace('{id}', id), {
        body,
        description,
        response: {id, client_id: random.clientId()},
      })
    }
    if (random.chance(0.3))
      telling.token(begun + HOUR, {...hand, client_id: explorer, name: 'API Explorer Application'}, telling.audience, {
        user: email,
      })
  }
}

const ADMIN_ACTS: readonly [Act, ...Act[]] = [
  ['post', '/clients', {name: 'Campaign site'}, 'Create a client'],
  ['post', '/clients/{id}/rotate-secret', null, 'Rotate a client secret'],
  ['patch', '/log-streams/lst_{id}', {status: 'paused'}, 'Update a log stream'],
  ['post', '/connections', {name: 'partner-sso'}, 'Create a connection'],
  ['patch', '/actions/actions/{id}', {code: '...'}, 'Update an Action'],
  ['post', '/users', {email: 'colleague@acme.example'}, 'Create a User'],
  ['post', '/organizations/org_{id}/members', {members: ['auth0|1']}, 'Add members'],
  ['put', '/guardian/factors/sms', {enabled: false}, 'Update multi-factor authentication type'],
  ['patch', '/attack-protection/brute-force-protection', {enabled: false}, 'Update Brute-force settings'],
  [
    'post',
    '/tenants/invitations',
    {owners: ['b@acme.example'], roles: ['owner']},
    'Create tenant invitations for a given client',
  ],
  ['get', '/clients/{id}', null, 'Get client by ID'],
]

type Act = readonly [method: string, path: string, body: unknown, description: string]

/** Users of the applications: logins, refreshes, wrong passwords, a password change now and then. */
export function tellUsers(telling: Telling, storefront: string, span: Span, count: number): void {
  const {random, homes} = telling
  for (let i = 0; i < count; i++) {
    const at = span.from + random.below(span.to - span.from)
    const user_id = `auth0|${random.text(24, '0123456789abcdef')}`
    const type = random.pick(['s', 's', 'seacft', 'sertft', 'ssa', 'fp', 'scp', 'slo'])
    telling.user(at, type, {ip: homes.anywhere(), user_id, client_id: storefront})
  }
}
