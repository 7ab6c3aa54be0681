import {SCOPES} from './scopes-data.ts'
import {rankScopes, type Risk, type ScopeRisk, type Severity} from './scopes.ts'

/** One thing that a scope opens beyond itself, in words. */
export interface Opened {
  readonly scope: string
  readonly what: string
}

/** What scopes of the Management API open together, and what follows from that. Each list the worst first. */
export interface Reach {
  /** Null when there is no scope. */
  readonly worst: Severity | null
  readonly counts: Readonly<Record<Severity, number>>
  /** Further secrets and working links that its holder can read: each is one more thing to replace. */
  readonly secrets: readonly Opened[]
  /** Ways back in that outlive the leaked credential. */
  readonly persistence: readonly Opened[]
  /** How its holder can mute or divert what would show the acts. */
  readonly tracks: readonly Opened[]
  /** Ways to accounts of users. */
  readonly users: readonly Opened[]
  readonly defences: readonly Opened[]
}

/** Which secret an answer carries; the scopes are those whose risk is `reveals_secrets` (Auth0's OpenAPI and endpoint pages). */
const SECRETS: Readonly<Record<string, string>> = {
  'create:actions': 'secrets of Actions, by code that hands them out',
  'create:actions_log_sessions': 'live console output of Actions',
  'create:authentication_methods': 'TOTP secrets of users',
  'create:clients': 'the secret of each application it makes',
  'create:custom_domains': 'origin keys of custom domains',
  'create:guardian_enrollment_tickets': 'links that enrol a factor for a user',
  'create:hooks': 'secrets of Hooks, by code that hands them out',
  'create:log_streams': 'credentials of log-stream sinks',
  'create:network_acl_keys': 'keys of network ACLs',
  'create:organization_invitations': 'invitation links of organisations',
  'create:rules': 'settings of Rules, by code that hands them out',
  'create:scim_token': 'SCIM tokens of connections',
  'create:sso_access_tickets': 'links that set up an identity source',
  'create:user_tickets': 'password-change links of any user',
  'read:client_credentials': "every application's client secret and signing keys",
  'read:client_keys': "every application's client secret and signing keys",
  'read:connections': 'upstream secrets of identity sources',
  'read:connections_options': 'upstream secrets of identity sources',
  'read:federated_connections_tokens': 'upstream tokens of users',
  'read:guardian_factors': 'secrets of SMS and Duo providers',
  'read:hooks': 'source of Hooks, and perhaps their secrets',
  'read:log_streams': 'credentials of log-stream sinks',
  'read:organization_invitations': 'invitation links of organisations',
  'read:resource_servers': 'signing secrets of HS256 APIs: enough to forge their tokens',
  'read:user_idp_tokens': 'upstream tokens of users',
  'update:actions': 'secrets of Actions, by code that hands them out',
  'update:authentication_methods': 'TOTP secrets of users',
  'update:client_keys': 'the new secret of any application it rotates',
  'update:client_token_vault_privileged_access': 'the store of upstream tokens of users',
  'update:custom_domains': 'origin keys of custom domains',
  'update:guardian_factors': 'secrets of SMS and Duo providers',
  'update:hooks': 'secrets of Hooks, by code that hands them out',
  'update:log_streams': 'credentials of log-stream sinks',
  'update:rules': 'settings of Rules, by code that hands them out',
  'update:users': "a user's new recovery code",
}

/** What is left behind, by what the scope is about. */
const PLANTED: Readonly<Record<string, string>> = {
  'actions': 'code in every login and token (Actions)',
  'hooks': 'code in every login and token (Hooks)',
  'rules': 'code in every login (Rules)',
  'triggers': 'code bound to logins and tokens',
  'client_credentials': 'a key of its own on any application',
  'client_keys': 'a secret of its own on any application',
  'client_grants': 'more rights for any application, its own included',
  'clients': 'new applications, or other callbacks and flows of existing ones',
  'connections': 'an identity source of its own',
  'connections_options': 'an identity source of its own',
  'connections_keys': 'keys of identity sources',
  'custom_signing_keys': 'keys that tokens are checked with',
  'encryption_keys': 'keys of the tenant',
  'resource_servers': 'other signing secrets, longer lifetimes, open policies of APIs',
  'token_exchange_profiles': 'tokens for any user, by token exchange',
  'scim_token': 'a token that provisions users',
  'scim_config': 'a token that provisions users',
  'sso_access_tickets': 'an identity source by self-service',
  'self_service_profiles': 'an identity source by self-service',
  'email_provider': 'an e-mail provider of its own: reset links, codes',
  'phone_providers': 'a phone provider of its own: codes',
  'users': 'accounts of its own, or other passwords of existing ones',
  'role_members': 'roles for its own accounts',
  'group_roles': 'roles for its own accounts',
  'authentication_methods': 'a factor of its own on accounts',
  'tenant_settings': 'open registration and other flags of the tenant',
  'custom_domains': 'login host names',
  'log_streams': 'a copy of the tenant log for itself',
  'event_streams': 'a copy of user events for itself',
  'branding': 'code on the login page',
  'prompts': 'code on the login page',
  'organization_invitations': 'members of organisations',
  'organization_members': 'members of organisations',
  'organization_member_roles': 'roles of members of organisations',
  'agents': 'agent identities',
}

const MUTED: Readonly<Record<string, string>> = {
  'create:event_streams': 'diverts user events',
  'create:log_streams': 'diverts the tenant log',
  'delete:event_streams': 'deletes event streams',
  'delete:flows_executions': 'deletes records of flows',
  'delete:log_streams': 'deletes log streams',
  'update:event_streams': 'pauses or repoints event streams',
  'update:log_streams': 'pauses, filters or repoints log streams',
}

/** Every scope that is known: what a grant of all scopes gives. */
export function everyScope(): string[] {
  return Object.keys(SCOPES)
}

export function reachOf(scopes: Iterable<string>): Reach {
  const ranked = rankScopes(scopes)
  const counts = {critical: 0, high: 0, medium: 0, low: 0}
  for (const {severity} of ranked) counts[severity]++
  const opened = (risk: Risk, words: (scope: string, known: ScopeRisk) => string): Opened[] =>
    ranked.filter((one) => one.risk.includes(risk)).map((one) => ({scope: one.scope, what: words(one.scope, one)}))
  const about = (scope: string) => scope.slice(scope.indexOf(':') + 1)
  return {
    worst: ranked[0]?.severity ?? null,
    counts,
    secrets: readFirst(opened('reveals_secrets', (scope, {means}) => SECRETS[scope] ?? means)),
    persistence: opened('persistence', (scope) => PLANTED[about(scope)] ?? about(scope).replaceAll('_', ' ')),
    tracks: opened('hides_tracks', (scope, {means}) => MUTED[scope] ?? means),
    users: opened('user_takeover', (_, {means}) => means),
    defences: opened('weakens_defences', (_, {means}) => means),
  }
}

/** Reading needs no change that anybody would see, so it comes before what does. */
function readFirst(all: readonly Opened[]): Opened[] {
  return all.toSorted((a, b) => Number(b.scope.startsWith('read:')) - Number(a.scope.startsWith('read:')))
}
