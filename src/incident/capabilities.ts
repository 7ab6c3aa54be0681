/** One thing that a credential may be able to do, and what happens where it cannot. */
export interface Capability {
  readonly id: string
  /** Completes "this credential can ...". */
  readonly does: string
  /** All of these are needed. Scope names of Auth0's Management API. */
  readonly scopes: readonly string[]
  /** What stanch does without it, in words. */
  readonly missing: string
  /** Without it nothing can be looked at, so nothing begins. */
  readonly required: boolean
  /** Scopes that make their holder as powerful as every scope: handed out only when asked for by name. */
  readonly strong: boolean
  /** In which of the two advised clients it belongs. */
  readonly client: 'assess' | 'contain' | 'on request'
}

/**
 * What stanch needs which scopes for. From Auth0's endpoint pages: every endpoint lists scopes of which one is enough.
 * `update:client_keys` and `read:client_keys` yield other clients' secrets, `create:client_grants` widens one's own
 * rights: these are strong.
 */
export const CAPABILITIES: readonly Capability[] = [
  {
    id: 'assess',
    does: 'look at applications, grants and APIs',
    scopes: ['read:clients', 'read:client_grants', 'read:resource_servers'],
    missing: 'nothing can begin; without read:resource_servers every token lifetime counts as 30 days',
    required: true,
    strong: false,
    client: 'assess',
  },
  {
    id: 'logs',
    does: 'read the tenant log',
    scopes: ['read:logs'],
    missing: 'an evidence gap: nobody can say who used the credential',
    required: false,
    strong: false,
    client: 'assess',
  },
  {
    id: 'hunt',
    does: 'read custom domains and access control lists, for the hunt in the tenant log',
    scopes: ['read:custom_domains', 'read:network_acls'],
    missing: 'hunts for logins past a custom domain and for what the lists matched see nothing, and say so',
    required: false,
    strong: false,
    client: 'assess',
  },
  {
    id: 'organization-ties',
    does: 'see which organisations a grant is tied to',
    scopes: ['read:organization_client_grants'],
    missing: 'grants with ties to organisations are not deleted',
    required: false,
    strong: false,
    client: 'assess',
  },
  {
    id: 'credentials',
    does: 'see the keys of private_key_jwt applications',
    scopes: ['read:client_credentials'],
    missing: 'an evidence gap: those keys are not checked',
    required: false,
    // a read of a client with this scope returns its secret too
    strong: true,
    client: 'on request',
  },
  {
    id: 'delete-grants',
    does: 'delete grants, so that no new token is issued',
    scopes: ['delete:client_grants'],
    missing: 'deleting grants is a manual step',
    required: false,
    strong: false,
    client: 'contain',
  },
  {
    id: 'rotate',
    does: 'rotate or set a client secret',
    scopes: ['update:client_keys'],
    missing: 'rotating is a manual step',
    required: false,
    strong: true,
    client: 'contain',
  },
  {
    id: 'compare-secret',
    does: 'settle a lost answer and compare secrets',
    scopes: ['read:client_keys'],
    missing: 'the old secret is proven dead only with the leaked value (--credential-file)',
    required: false,
    strong: true,
    client: 'contain',
  },
  {
    id: 'restore-grants',
    does: 'give grants back',
    scopes: ['create:client_grants', 'create:organization_client_grants'],
    missing: 'hand it out when it is time to restore',
    required: false,
    strong: true,
    client: 'on request',
  },
  {
    id: 'setup',
    does: 'make machine clients (stanch setup)',
    scopes: ['create:clients', 'create:client_grants'],
    missing: 'make them in the Dashboard, or use a token from the API Explorer once',
    required: false,
    strong: true,
    client: 'on request',
  },
]

/** Which scopes of a capability a credential lacks; empty when it can. */
export function lacking(capability: Pick<Capability, 'scopes'>, held: readonly string[]): string[] {
  return capability.scopes.filter((scope) => !held.includes(scope))
}

/** The two clients that are advised instead of one that can do everything. */
export const ADVISED_CLIENTS = ['stanch-assess', 'stanch-contain'] as const

/** What an advised client can do when nobody asks for more. `stanch-contain` looks, too: each step is checked before it. */
export function advisedCapabilities(client: (typeof ADVISED_CLIENTS)[number]): string[] {
  return CAPABILITIES.filter((one) => one.client === 'assess' || (client === 'stanch-contain' && one.client === 'contain')).map(
    (one) => one.id,
  )
}

/** The scopes of these capabilities, each once, in the table's order. Unknown ids are left out. */
export function scopesOf(ids: readonly string[]): string[] {
  return [...new Set(CAPABILITIES.filter((one) => ids.includes(one.id)).flatMap((one) => one.scopes))]
}
