import type {ClientGrant} from '../../auth0/resources/client-grant.ts'

/** A grant that may be there. `scope` undefined: every scope. */
export interface ExpectedGrant {
  readonly audience: string
  readonly subject: string
  readonly scope?: readonly string[]
}

/** What the incident's record says about the client that is watched. Instants are NumericDate, tenant time. */
export interface WatchFacts {
  readonly incident_id: string
  readonly client_id: string
  /** When the incident's work began: changes from before it are for the hunt to tell, and no news to a watch. */
  readonly since?: number
  /** By audience: from then on no token should be given out for it; `*` for all that are not named. */
  readonly contained: ReadonlyMap<string, number>
  /** When the old secret died; undefined when it was not replaced, or its refusal is not proven. */
  readonly secret_dead_at?: number
  /** When it was replaced; undefined when nobody dated that. */
  readonly secret_changed_at?: number
  /** When grants were taken and the secret was replaced: around each of these either state may have been met. */
  readonly changes: readonly number[]
  /** Seconds that a token for an audience lives. */
  readonly lifetimes: ReadonlyMap<string, number>
  /** Grants that were there after containment, by id; undefined when nobody knows. */
  readonly expected?: ReadonlyMap<string, ExpectedGrant>
  /** Grants that this incident gave back: they have new ids. */
  readonly given_back: readonly (ExpectedGrant & {readonly at: number})[]
  /** True for a third-party application: default grants count for it. */
  readonly third_party: boolean
  /** Correlation ids of this incident's own requests. */
  readonly own: ReadonlySet<string>
  /** When this incident's own token requests ended, for logs without correlation ids. */
  readonly own_token_requests: readonly number[]
  /** What the hunt holds for the attacker's. */
  readonly suspects: {
    readonly ips: ReadonlySet<string>
    readonly fingerprints: ReadonlySet<string>
    readonly jtis: ReadonlySet<string>
  }
  /** Sources that used the client before the leak, as `sourceKey` names them: consumers, not strangers. */
  readonly consumers: ReadonlySet<string>
}

/** Who asked: what is the same for one program on one machine. */
export function sourceKey(one: {
  readonly ip?: string | undefined
  readonly user_agent?: string | undefined
  readonly fingerprint?: string | undefined
}): string {
  return JSON.stringify([one.ip ?? '', one.user_agent ?? '', one.fingerprint ?? ''])
}

/** From when on no token should be given out for an audience; undefined while that is not proven. */
export function containedFrom(facts: Pick<WatchFacts, 'contained'>, audience: string | undefined): number | undefined {
  return facts.contained.get(audience ?? '*') ?? facts.contained.get('*')
}

/** When the first containment began; undefined when nothing is contained. */
export function firstContained(facts: Pick<WatchFacts, 'contained'>): number | undefined {
  return facts.contained.size === 0 ? undefined : Math.min(...facts.contained.values())
}

/** May somebody with the new secret get a token for this audience at this instant? */
export function isGivenBack(
  facts: Pick<WatchFacts, 'expected' | 'given_back'>,
  audience: string | undefined,
  at: number,
): boolean {
  if (audience === undefined) return false
  if (facts.given_back.some((one) => one.audience === audience && one.subject === 'client' && at >= one.at)) return true
  return [...(facts.expected?.values() ?? [])].some((one) => one.audience === audience && one.subject === 'client')
}

/** The grants that stand in the tenant as the record would have them. */
export function expectedOf(grant: ClientGrant): ExpectedGrant {
  return {
    audience: grant.audience,
    subject: grant.subject_type ?? 'client',
    ...(grant.allow_all_scopes ? {} : {scope: grant.scope ?? []}),
  }
}
