import {reopeningScopes} from '../incident/policy.ts'
import type {Account} from './account.ts'
import {ofKind, snapshotBefore, textOf} from './account.ts'

/** One API that what leaked could get tokens for. */
export interface Access {
  readonly audience: string
  readonly name?: string
  readonly grant_id: string
  /** `own`: the client's grant; `default`: the tenant's grant for third-party applications. */
  readonly from: 'own' | 'default'
  readonly on_behalf_of_users: boolean
  readonly all_scopes: boolean
  /** The worst first. What a scope of an API that is not Auth0's own lets its holder do, that API says. */
  readonly scopes: readonly {readonly scope: string; readonly severity?: string; readonly means?: string}[]
}

/** What leaked, and what it could do. */
export interface Leaked {
  readonly kind: string
  readonly words: string
  readonly found_at?: string
  readonly leaked_at?: string
  readonly detected_at?: string
  readonly aware_at?: string
  readonly could: {
    readonly not_known?: string
    /** Machine time of the picture, before the first change. */
    readonly as_of?: string
    readonly record?: number
    readonly access: readonly Access[]
    /** Scopes with which an issued token can undo containment until the all clear. */
    readonly can_undo: readonly string[]
  }
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  'client-secret': "an application's client secret: whoever holds it gets new tokens until it is replaced",
  'management-token': 'an access token for the Management API: it works until its exp and cannot be revoked',
  'private-key': "an application's private key: whoever holds it gets new tokens until the key is removed",
  'user-token': 'an access token of a user: it works until its exp, for that user only',
  'refresh-token': 'a refresh token: it yields new tokens until it is revoked',
  'signing-secret': 'the signing secret of an API: whoever holds it can make tokens that this API accepts',
  'operator-token': "a token of the Auth0 CLI's login: it acts as the person who logged in",
  'own-credential': "the responder's own credential",
  'unknown': 'not known, because nobody said what it is and its form does not tell',
}

const ORDER = ['critical', 'high', 'medium', 'low']

export function leaked(account: Account): Leaked {
  const {state} = account
  const told = ofKind(account, 'incident.open', 'incident.update')
  const said = (member: string) => told.flatMap((record) => textOf(record, member) ?? []).findLast((value) => value !== 'unknown')
  const instants = Object.fromEntries(
    ['found_at', 'leaked_at', 'detected_at', 'aware_at'].flatMap((member) => {
      const value = said(member)
      return value === undefined ? [] : [[member, value]]
    }),
  )
  return {kind: state.leak, words: KIND_WORDS[state.leak] ?? state.leak, ...instants, could: could(account)}
}

function could(account: Account): Leaked['could'] {
  const before = snapshotBefore(account)
  if (!before)
    return {
      not_known: 'not known, because no picture of the tenant before the first change is in the evidence',
      access: [],
      can_undo: [],
    }
  const {record, snapshot} = before
  const grants = [
    ...snapshot.grants.map((grant) => ({grant, from: 'own' as const})),
    ...(snapshot.default_grants ?? []).map((grant) => ({grant, from: 'default' as const})),
  ]
  return {
    as_of: snapshot.taken_at,
    record: record.seq,
    access: grants.map(({grant, from}) => {
      const name = snapshot.resource_servers[grant.audience]?.name
      return {
        audience: grant.audience,
        ...(name ? {name} : {}),
        grant_id: grant.id,
        from,
        on_behalf_of_users: grant.subject_type === 'user',
        all_scopes: grant.allow_all_scopes === true,
        scopes: ranked(account, grant.scope ?? [], grant.audience === snapshot.management_audience),
      }
    }),
    can_undo: reopeningScopes(snapshot),
  }
}

function ranked(account: Account, scopes: readonly string[], management: boolean): Access['scopes'] {
  return scopes
    .map((scope) => {
      const known = management ? account.scope?.(scope) : undefined
      return {scope, ...(known ? {severity: known.severity, means: known.means} : {})}
    })
    .toSorted((a, b) => ORDER.indexOf(a.severity ?? 'low') - ORDER.indexOf(b.severity ?? 'low') || (a.scope < b.scope ? -1 : 1))
}
