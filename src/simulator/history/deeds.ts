import {act, made, MINUTE, settings} from './deed.ts'
import type {Deed} from './deed.ts'
import type {Hand} from './telling.ts'

/** What attackers with a Management API token do to stay, to see more and to be seen less. */
export const DEEDS: readonly [Deed, ...Deed[]] = [
  {
    name: 'plants a client, gives it a grant, and uses it from elsewhere',
    tell({telling, thief, jti, at}) {
      const {random, homes, audience} = telling
      const client_id = random.clientId()
      const grant = random.grantId()
      const deed = this.name
      telling.request(at, thief, 'post', '/clients', {
        jti,
        deed,
        status: 201,
        description: 'Create a client',
        body: {name: 'health-check', app_type: 'non_interactive'},
        response: {client_id, name: 'health-check'},
        leaves: {kind: 'client', id: client_id},
      })
      telling.request(at + MINUTE, thief, 'post', '/client-grants', {
        jti,
        deed,
        status: 201,
        description: 'Create client grant',
        body: {client_id, audience, scope: ['update:clients', 'read:users']},
        response: {id: grant, client_id, audience},
        leaves: {kind: 'grant', id: grant},
      })
      const hand: Hand = {by: 'attacker', client_id, name: 'health-check', home: homes.thief()}
      const token = telling.token(at + 90 * MINUTE, hand, audience, {deed})
      telling.request(at + 95 * MINUTE, hand, 'patch', `/users/auth0%7C${random.text(24, '0123456789abcdef')}`, {
        jti: token,
        deed,
        body: {app_metadata: {plan: 'gold'}},
      })
    },
  },
  {
    name: "reads another client's secret and uses that client from elsewhere",
    tell({telling, thief, jti, at, victim, victimName}) {
      const {homes, audience} = telling
      const deed = this.name
      telling.request(at, thief, 'get', `/clients/${victim}`, {
        jti,
        deed,
        description: 'Get client by ID',
        secrets: ['client_secret'],
        response: {client_id: victim},
        leaves: {kind: 'client_secret', id: victim},
      })
      const hand: Hand = {by: 'attacker', client_id: victim, name: victimName, home: homes.thief()}
      telling.token(at + 40 * MINUTE, hand, audience, {deed})
      telling.token(at + 24 * 60 * MINUTE, hand, audience, {deed})
    },
  },
  {
    name: 'adds a key to another client and uses it',
    tell({telling, thief, jti, at, victim, victimName}) {
      const id = telling.random.credentialId()
      const deed = this.name
      telling.request(at, thief, 'post', `/clients/${victim}/credentials`, {
        jti,
        deed,
        description: 'Create a client credential',
        body: {credential_type: 'public_key', name: 'backup'},
        ...made(id, 'credential', {name: 'backup'}),
      })
      const hand: Hand = {by: 'attacker', client_id: victim, name: victimName, home: telling.homes.thief()}
      telling.token(at + 30 * MINUTE, hand, telling.audience, {deed})
    },
  },
  {
    name: 'uses another client from the same address',
    outside: true,
    tell({telling, thief, at, victim, victimName, jti, minted}) {
      if (!minted) settings(telling, thief, at - MINUTE, jti, this.name)
      telling.token(at, {...thief, client_id: victim, name: victimName}, telling.audience, {deed: this.name})
    },
  },
  {
    name: 'tries his luck with another client from the same address',
    outside: true,
    tell({telling, thief, at, victim, victimName, jti, minted}) {
      if (!minted) settings(telling, thief, at - MINUTE, jti, this.name)
      telling.refused(at, {...thief, client_id: victim, name: victimName}, telling.audience, 'Unauthorized', this.name)
    },
  },
  {
    name: 'makes a user and logs in with it from elsewhere',
    tell({telling, thief, jti, at, storefront}) {
      const user_id = `auth0|${telling.random.text(24, '0123456789abcdef')}`
      const deed = this.name
      telling.request(at, thief, 'post', '/users', {
        jti,
        deed,
        status: 201,
        description: 'Create a User',
        response: {user_id},
        leaves: {kind: 'user', id: user_id},
      })
      telling.user(at + 10 * MINUTE, 's', {ip: telling.homes.anywhere(), user_id, client_id: storefront, by: 'attacker', deed})
    },
  },
  {
    name: 'logs in as a user from his address',
    outside: true,
    tell({telling, thief, at, storefront, jti, minted}) {
      const user_id = `auth0|${telling.random.text(24, '0123456789abcdef')}`
      if (!minted) settings(telling, thief, at - MINUTE, jti, this.name)
      telling.user(at, 's', {ip: thief.home.ip, user_id, client_id: storefront, by: 'attacker', deed: this.name})
      telling.user(at + MINUTE, 'scp', {ip: thief.home.ip, user_id, client_id: storefront, by: 'attacker', deed: this.name})
    },
  },
  act('reads the secrets of all clients', 'get', '/clients', () => ({secrets: ['client_secret'], description: 'Get clients'})),
  act('reads the secrets of log streams', 'get', '/log-streams', () => ({secrets: ['httpAuthorization']})),
  act(
    'sets another secret',
    'post',
    ({victim}) => `/clients/${victim}/rotate-secret`,
    ({victim}) => ({
      description: 'Rotate a client secret',
      leaves: {kind: 'client_secret', id: victim},
    }),
  ),
  act('gives the leaked client a grant again', 'post', '/client-grants', ({telling, leaked}) => ({
    body: {client_id: leaked, audience: telling.audience, scope: ['read:users']},
    ...made(telling.random.grantId(), 'grant', {client_id: leaked}),
  })),
  act(
    'adds a callback to an application',
    'patch',
    ({storefront}) => `/clients/${storefront}`,
    ({storefront}) => ({
      body: {callbacks: ['https://evil.example/cb']},
      leaves: {kind: 'client_settings', id: storefront},
    }),
  ),
  act('invites an owner', 'post', '/tenants/invitations', () => ({
    description: 'Create tenant invitations for a given client',
    body: {owners: ['mallory@mail.example'], roles: ['owner']},
    leaves: {kind: 'tenant_member', id: 'mallory@mail.example'},
  })),
  act('switches a factor off', 'put', '/guardian/factors/otp', () => ({
    body: {enabled: false},
    leaves: {kind: 'mfa_factor', id: 'otp'},
  })),
  act('empties the MFA policy', 'put', '/guardian/policies', () => ({body: [], response: []})),
  act('switches brute-force protection off', 'patch', '/attack-protection/brute-force-protection', () => ({
    body: {enabled: false},
    response: {enabled: false},
    leaves: {kind: 'attack_protection', id: 'brute-force-protection'},
  })),
  act('puts his address on an allow list', 'patch', '/attack-protection/suspicious-ip-throttling', ({thief}) => ({
    body: {enabled: true, allowlist: [thief.home.ip]},
    leaves: {kind: 'allow_list', id: 'suspicious-ip-throttling'},
  })),
  {
    name: 'deploys an Action and binds it',
    tell({telling, thief, jti, at}) {
      const id = telling.random.text(24, '0123456789abcdef')
      const deed = this.name
      telling.request(at, thief, 'post', '/actions/actions', {jti, deed, ...made(id, 'action')})
      telling.request(at + MINUTE, thief, 'post', `/actions/actions/${id}/deploy`, {jti, deed, status: 202})
      telling.request(at + 2 * MINUTE, thief, 'patch', '/actions/triggers/post-login/bindings', {
        jti,
        deed,
        leaves: {kind: 'action_binding', id: 'post-login'},
      })
    },
  },
  act('pauses a log stream', 'patch', '/log-streams/lst_0000000000000042', () => ({
    description: 'Update a log stream',
    body: {status: 'paused'},
    leaves: {kind: 'log_stream_settings', id: 'lst_0000000000000042'},
  })),
  act('adds a log stream of his own', 'post', '/log-streams', ({telling}) => ({
    body: {name: 'metrics', type: 'http'},
    ...made(`lst_${telling.random.digits(16)}`, 'log_stream'),
  })),
  act('makes a connection', 'post', '/connections', ({telling}) => ({
    body: {name: 'corp-sso-2', strategy: 'oidc'},
    ...made(`con_${telling.random.text(16, 'abcdefghijklmnopqrstuvwxyz')}`, 'connection'),
  })),
  act('makes a SCIM token', 'post', '/connections/con_Abcdefghijklmnop/scim-configuration/tokens', () => ({
    leaves: {kind: 'connection_access', id: 'con_Abcdefghijklmnop'},
  })),
  act('poisons the error page', 'patch', '/tenants/settings', () => ({body: {error_page: {html: '{{ error_description }}'}}})),
  act('rotates the signing key', 'post', '/keys/signing/rotate', () => ({
    status: 201,
    leaves: {kind: 'keys', id: 'keys/signing/rotate'},
  })),
  act('exports all users', 'post', '/jobs/users-exports', ({telling}) =>
    made(`job_${telling.random.text(16, 'abcdefgh')}`, 'export'),
  ),
  act(
    "sets a user's password",
    'patch',
    ({telling}) => `/users/auth0%7C${telling.random.text(24, '0123456789abcdef')}`,
    () => ({description: 'Update a User', body: {password: '*****'}}),
  ),
  act('gives a user a role', 'post', '/roles/rol_Abcdefghijklmnop/users', () => ({
    leaves: {kind: 'roles', id: 'roles/rol_Abcdefghijklmnop/users'},
  })),
  act('puts a user into an organisation', 'post', '/organizations/org_Abcdefghijklmnop/members', () => ({
    status: 204,
    leaves: {kind: 'organization', id: 'org_Abcdefghijklmnop'},
  })),
  act('changes the access control list', 'patch', '/network-acls/acl_Abcdefghijklmnopqrstuv', () => ({
    leaves: {kind: 'network_acl', id: 'acl_Abcdefghijklmnopqrstuv'},
  })),
  act('makes tokens live longer', 'patch', '/resource-servers/507f1f77bcf86cd799439011', () => ({
    description: 'Update a resource server',
    body: {token_lifetime: 2_592_000},
  })),
]
