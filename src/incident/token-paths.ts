import type {ClientGrant} from '../auth0/resources/client-grant.ts'
import {accessRows, type Access} from './api-access.ts'
import {credentialsOf, type PathCredential} from './client-credentials.ts'
import type {PlanStep} from './plan.ts'
import {usesKey, type TenantSnapshot} from './tenant-snapshot.ts'

/** One way in which whoever holds a credential of the client gets a new token for one API. */
export interface TokenPath {
  /** Stable for one tenant: `client:https://api.example/:secret:client_grant:cgr_1`. */
  readonly id: string
  readonly audience: string
  /** In whose name: the client's own (client_credentials), or a user's. */
  readonly subject: 'client' | 'user'
  readonly via: 'client_grant' | 'default_third_party_grant' | 'allow_all'
  readonly grant_id?: string
  /** `new_secret`: of the secret that the plan makes, where a path opens again that the plan meant to stop. */
  readonly credential: PathCredential['kind']
  readonly credential_id?: string
  /** The client's own that lead here. */
  readonly grant_types: readonly string[]
  /** Does a request get a token that names no organisation? */
  readonly without_organization: boolean
  readonly organizations: readonly string[] | 'any'
  /** What the token may hold. */
  readonly scopes: readonly string[] | 'all'
  readonly open: boolean
  readonly why: string
  /** What closes it; absent where it is closed. */
  readonly closes?: string
}

/** Any other than this one is a flow of users. `implicit` needs no credential, so it is no path of a leaked one. */
const MACHINE = 'client_credentials'
/** Counted when the client's grant types are not shown. */
const ALL_FLOWS = [MACHINE, 'authorization_code', 'password', 'refresh_token']

/**
 * Every path to a new token that the snapshot shows, open or closed and why, for every credential of the client: now, or
 * after the steps of a plan. What a scope hides counts as open. Rules: Auth0's pages on application access to APIs and on
 * third-party applications; where those leave room, `simulator/BEHAVIOUR.md` says what was chosen.
 *
 * Whether issued tokens live is another question (`exposure.ts`), and so is whether users' refresh tokens do.
 */
export function tokenPaths(snapshot: TenantSnapshot, after?: {readonly steps: readonly PlanStep[]}): TokenPath[] {
  const steps = after?.steps ?? []
  const {left, stopped} = grantsAfter(snapshot, steps)
  const rotated = !usesKey(snapshot.client) && steps.some((step) => step.action === 'client_secret.rotate')
  const credentials = credentialsOf(snapshot, rotated)
  const paths: TokenPath[] = []
  for (const audience of audiencesOf(snapshot)) {
    for (const subject of ['client', 'user'] as const) {
      const flows = flowsOf(snapshot, subject)
      const rows = accessRows(snapshot, left, audience, subject)
      for (const row of rows) {
        // An API that lets everybody in is no path for a client that has no flow to use it by.
        if (row.via === 'allow_all' && flows.length === 0) continue
        for (const credential of credentials) {
          if (credential.kind === 'new_secret' && !(subject === 'client' && stopped.has(audience))) continue
          paths.push(pathOf(snapshot, {audience, subject, flows, row, credential}))
        }
      }
      if (subject === 'user') paths.push(...refreshes(snapshot, steps, audience, rows, credentials))
    }
  }
  return paths
}

/** Open, and by something that has to be known: not what anybody can do anyway. */
export function reachable(paths: readonly TokenPath[]): TokenPath[] {
  return paths.filter((path) => path.open && path.credential !== 'none')
}

interface Parts {
  readonly audience: string
  readonly subject: 'client' | 'user'
  readonly flows: readonly string[]
  readonly row: Access
  readonly credential: PathCredential
}

function pathOf(snapshot: TenantSnapshot, {audience, subject, flows, row, credential}: Parts): TokenPath {
  const closed =
    flows.length === 0
      ? subject === 'client'
        ? 'the client may not ask for itself (no client_credentials among its grant types)'
        : 'the client has no flow of users'
      : !credential.accepted
        ? credential.why
        : subject === 'client' && credential.kind === 'none'
          ? 'a public client cannot ask for itself'
          : row.open
            ? undefined
            : row.why
  const closes = closed === undefined ? closing(snapshot, subject, row, credential) : undefined
  return {
    id: [subject, audience, credential.id ?? credential.kind, row.via, ...(row.grant ? [row.grant.id] : [])].join(':'),
    audience,
    subject,
    via: row.via,
    ...(row.grant ? {grant_id: row.grant.id} : {}),
    credential: credential.kind,
    ...(credential.id === undefined ? {} : {credential_id: credential.id}),
    grant_types: flows,
    without_organization: row.without_organization,
    organizations: row.organizations,
    scopes: row.scopes,
    open: closed === undefined,
    why: closed ?? row.why,
    ...(closes === undefined ? {} : {closes}),
  }
}

function closing(snapshot: TenantSnapshot, subject: 'client' | 'user', row: Access, credential: PathCredential): string {
  const client = snapshot.client.client_id
  const proof =
    credential.kind === 'secret'
      ? 'rotate the secret'
      : credential.kind === 'key' || credential.kind === 'certificate'
        ? `unbind and delete the credential ${credential.id ?? ''} (stanch runbook show private-key)`
        : undefined
  const flow =
    subject === 'client'
      ? "take client_credentials out of the client's grant types (Dashboard > Applications > the client > Advanced > Grant Types)"
      : "take the flows of users out of the client's grant types"
  const own =
    row.via === 'client_grant' && row.grant && row.grant.is_system !== true
      ? `stanch grant delete --client ${client} --grant ${row.grant.id}`
      : row.via === 'allow_all'
        ? `set the API's ${subject} policy to require_client_grant, which every application feels`
        : undefined
  // What concerns this client alone comes first.
  const ways = row.via === 'allow_all' ? [proof, flow, own] : row.via === 'client_grant' ? [own, proof, flow] : [flow, proof]
  return ways.filter((one) => one !== undefined).join('; or ')
}

/** The grants that are left after the steps, and the APIs for which the steps mean to stop the client's own tokens. */
function grantsAfter(snapshot: TenantSnapshot, steps: readonly PlanStep[]): {left: ClientGrant[]; stopped: Set<string>} {
  const deletions = steps.flatMap((step) => (step.action === 'client_grant.delete' ? [step.args] : []))
  const gone = new Set(deletions.map((one) => one.grant_id))
  const back = steps.flatMap((step): ClientGrant[] =>
    step.action === 'client_grant.restore' ? [{id: step.args.was, ...step.args.grant}] : [],
  )
  const returned = new Set(back.map((grant) => grant.id))
  return {
    left: [...snapshot.grants.filter((grant) => !gone.has(grant.id) && !returned.has(grant.id)), ...back],
    stopped: new Set(
      deletions.filter(({grant}) => (grant.subject_type ?? 'client') === 'client').map(({grant}) => grant.audience),
    ),
  }
}

/**
 * Whether a refresh is refused once the user grant is gone is not documented: where the plan takes one, refreshing counts as
 * open until the refresh tokens are revoked.
 */
function refreshes(
  snapshot: TenantSnapshot,
  steps: readonly PlanStep[],
  audience: string,
  rows: readonly Access[],
  credentials: readonly PathCredential[],
): TokenPath[] {
  if (!flowsOf(snapshot, 'user').includes('refresh_token') || rows.some((row) => row.open)) return []
  const taken = steps.flatMap((step) =>
    step.action === 'client_grant.delete' && step.args.grant.subject_type === 'user' && step.args.grant.audience === audience
      ? [{id: step.args.grant_id, ...step.args.grant}]
      : [],
  )
  return taken.flatMap((grant) =>
    credentials
      .filter((credential) => credential.accepted && credential.kind !== 'new_secret')
      .map((credential) => ({
        id: ['user', audience, credential.id ?? credential.kind, 'refresh_token', grant.id].join(':'),
        audience,
        subject: 'user' as const,
        via: 'client_grant' as const,
        grant_id: grant.id,
        credential: credential.kind,
        ...(credential.id === undefined ? {} : {credential_id: credential.id}),
        grant_types: ['refresh_token'],
        without_organization: true,
        organizations: [],
        scopes: grant.scope ?? [],
        open: true,
        why: 'whether refresh tokens stop working once their user grant is gone is not documented',
        closes: "revoke the users' refresh tokens (stanch runbook show refresh-token)",
      })),
  )
}

function flowsOf({client}: TenantSnapshot, subject: 'client' | 'user'): string[] {
  const types = client.grant_types ?? ALL_FLOWS
  return subject === 'client'
    ? types.filter((type) => type === MACHINE)
    : types.filter((type) => type !== MACHINE && type !== 'implicit')
}

function audiencesOf({grants, default_grants, apis}: TenantSnapshot): string[] {
  return [
    ...new Set([...[...grants, ...default_grants].map((grant) => grant.audience), ...(apis ?? []).map((api) => api.identifier)]),
  ].sort()
}
