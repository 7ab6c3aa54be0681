import {reachOf, type Reach} from '../auth0/reach.ts'
import {rankScopes} from '../auth0/scopes.ts'
import type {ScopeRisk} from '../auth0/scopes.ts'
import {humanDuration, rfc3339} from '../clock.ts'
import {reachLines} from '../report/reach-lines.ts'
import {scrub} from '../secret.ts'
import type {Owner} from '../execution/find-client.ts'
import type {Liveness} from '../execution/liveness.ts'
import {REOPENING_SCOPES} from '../incident/policy.ts'
import type {Inspection} from '../tokens/inspect.ts'
import {printable, quoted} from '../untrusted.ts'

export interface SignatureVerdict {
  readonly verdict: 'valid' | 'invalid' | 'unknown'
  readonly reason: string
}

/** What a pasted credential is. Its member names are a contract (`test/contracts/`). */
export interface InspectedToken {
  readonly kind: Inspection['kind']
  readonly type: Inspection['type']
  /** One phrase for people. */
  readonly what: string
  readonly format: Inspection['format']
  readonly confidence: Inspection['confidence']
  /** Why it is taken for that. */
  readonly reasons: readonly string[]
  /** What is wrong with it, part by part. */
  readonly damaged: readonly string[]
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly tenant?: string
  readonly client_id?: string
  readonly subject_type?: 'client' | 'user'
  readonly for_management_api: boolean
  readonly bound?: Inspection['bound']
  /** RFC 7638 thumbprint of a key. */
  readonly thumbprint?: string
  readonly signature: SignatureVerdict
  readonly validity: {
    readonly issued_at?: string
    readonly expires_at?: string
    readonly remaining_seconds?: number
    readonly expired: boolean
  }
  /** Does it still work? Asked only when told to; without that only what its own dates say. */
  readonly alive: Liveness
  /** Whose it is, where that was looked for. */
  readonly owner?: Owner
  /** The worst first. */
  readonly scopes: readonly ({readonly scope: string} & ScopeRisk)[]
  /** What the scopes open together at the Management API, and what follows. */
  readonly reach?: Reach
  /** Can it be ended before its time? Access tokens cannot. */
  readonly revocable: boolean
  readonly next: readonly string[]
}

/** What can be ended at once: by rotating, revoking or deleting it. An issued access token cannot. */
const ENDED_AT_WILL: readonly Inspection['kind'][] = ['client-secret', 'private-key', 'refresh-token', 'signing-secret']

/** What the tenant said, where it was asked. */
export interface Asked {
  readonly alive?: Liveness | undefined
  readonly owner?: Owner | undefined
  /** Named by a person or a scanner, where the credential does not say it itself. */
  readonly client_id?: string | undefined
}

/** The document of `token inspect`. @param now NumericDate, tenant time where a tenant is at hand */
export function inspectedToken(seen: Inspection, signature: SignatureVerdict, now: number, asked: Asked = {}): InspectedToken {
  const client = asked.owner?.client_id ?? asked.client_id
  const known = matched(seen, asked.owner)
  const found = known.client_id === undefined && client !== undefined ? {...known, client_id: client} : known
  const {issued_at: issued, expires_at: expires} = found
  const scopes = scopesOf(found)
  const explorer = asked.owner?.name === EXPLORER
  return {
    kind: found.kind,
    type: found.type,
    what: found.what,
    format: found.format,
    confidence: found.confidence,
    reasons: found.reasons.map((reason) => scrub(reason)),
    damaged: found.damaged,
    header: withoutSecrets(found.header ?? {}),
    claims: withoutSecrets(found.claims ?? {}),
    ...(found.tenant === undefined ? {} : {tenant: found.tenant}),
    ...(found.client_id === undefined ? {} : {client_id: found.client_id}),
    ...(found.subject_type === undefined ? {} : {subject_type: found.subject_type}),
    for_management_api: found.for_management_api,
    ...(found.bound === undefined ? {} : {bound: found.bound}),
    ...(found.kid === undefined ? {} : {thumbprint: found.kid}),
    signature:
      found.damaged.length === 0
        ? signature
        : {...signature, reason: `${signature.reason}; damaged: ${found.damaged.join('; ')}`},
    validity: {
      ...(issued === undefined ? {} : {issued_at: rfc3339(issued)}),
      ...(expires === undefined ? {} : {expires_at: rfc3339(expires), remaining_seconds: Math.max(0, expires - now)}),
      expired: expires !== undefined && expires <= now,
    },
    alive: asked.alive ?? unaskedAlive(found, now),
    ...(asked.owner === undefined ? {} : {owner: asked.owner}),
    scopes,
    ...(found.for_management_api && scopes.length > 0 ? {reach: reachOf(found.scopes)} : {}),
    revocable: ENDED_AT_WILL.includes(found.kind),
    next: [...(explorer ? [whoCopied(asked.owner?.client_id)] : []), ...nextOf(found, now)],
  }
}

/** What was found to be an application's secret or key is that for certain, whatever its form said. */
export function matched(found: Inspection, owner: Owner | undefined): Inspection {
  if (owner?.verdict !== 'found' || owner.by === 'name') return found
  const certain = {...found, confidence: 'certain' as const, reasons: [...found.reasons, owner.reason]}
  return owner.by === 'key' ? certain : {...certain, kind: 'client-secret', type: 'client-secret', what: 'a client secret'}
}

function unaskedAlive(found: Inspection, now: number): Liveness {
  const {expires_at: expires} = found
  if (expires !== undefined && expires <= now) return {verdict: 'dead', reason: `it expired at ${rfc3339(expires)}`}
  return {verdict: 'unknown', reason: NOT_ASKED}
}

/** Scopes of the Management API are known; what a scope of another API opens only its owner can say. */
function scopesOf(found: Inspection): InspectedToken['scopes'] {
  if (found.for_management_api) return rankScopes(found.scopes)
  return [...new Set(found.scopes)].sort().map((scope) => ({
    scope,
    severity: 'medium' as const,
    risk: [],
    means: 'a scope of another API; its owner knows what it opens',
  }))
}

/** The application in whose name the Dashboard's API Explorer makes tokens. */
const EXPLORER = 'API Explorer Application'

/** Such a token was copied by a person in the Dashboard; the tenant log knows who. */
function whoCopied(client: string | undefined): string {
  return `an administrator copied it from the API Explorer; the tenant log says who: stanch hunt --client ${client ?? 'CLIENT_ID'}`
}

function nextOf(found: Inspection, now: number): string[] {
  const client = found.client_id ?? 'CLIENT_ID'
  const runbook = `stanch runbook show ${found.kind}`
  if (found.format === 'client_id')
    return [`nothing to contain: a client id is public; look at the application with: stanch client show ${client}`]
  if (found.kind === 'unknown' && /which is no secret|which opens nothing/.test(found.what)) return ['nothing to contain']
  if (found.kind === 'client-secret') return [`stanch respond --leak client-secret --client ${client}`, runbook]
  if (found.kind !== 'management-token') return [runbook]
  const undoing = REOPENING_SCOPES.filter((scope) => found.scopes.includes(scope))
  const expired = found.expires_at !== undefined && found.expires_at <= now
  return [
    ...(expired ? ['it has expired: find out how it leaked, and whether a newer one leaked the same way'] : []),
    `stanch respond --leak management-token --client ${client}`,
    ...(undoing.length > 0 && !expired
      ? [
          `rotate too: until it expires it can undo the rest (${undoing[0]}${undoing.length > 1 ? ` and ${undoing.length - 1} more` : ''})`,
        ]
      : []),
    runbook,
  ]
}

function lifeWords({validity}: InspectedToken, found: Inspection, now: number): string {
  if (validity.expires_at === undefined) return 'it does not say; it cannot be revoked'
  if (validity.expired) return `${validity.expires_at}, expired ${humanDuration(now - (found.expires_at ?? now))} ago`
  return `${validity.expires_at}, in ${humanDuration(validity.remaining_seconds ?? 0)}; it cannot be revoked`
}

const NOT_ASKED = 'not asked (--probe)'

export function aliveWords({verdict, reason}: Liveness): string {
  return `${{alive: 'yes', dead: 'no', unknown: 'not known'}[verdict]}: ${printable(reason, 300)}`
}

export function ownerWords({verdict, client_id, name, reason, compared}: Owner): string {
  const who = client_id === undefined ? '' : ` ${printable(client_id, 64)}${name === undefined ? '' : ` ${quoted(name, 40)}`}`
  return `${{found: 'client', none: "nobody's here", unknown: 'not known'}[verdict]}${who}${verdict === 'found' && compared === 1 ? '' : `: ${printable(reason, 300)}`}`
}

/** The same for people. Every foreign text is printable. */
export function inspectionLines(token: InspectedToken, found: Inspection, now: number): string[] {
  const lines = [
    `It is:      ${printable(token.what)}`,
    `Because:    ${[token.confidence, ...token.reasons.map((reason) => printable(reason))].join('; ')}`,
    ...found.damaged.map((damage) => `Damaged:    ${printable(damage)}`),
  ]
  const client = token.owner === undefined ? token.client_id : undefined
  if (token.tenant !== undefined)
    lines.push(`Tenant:     ${printable(token.tenant)}${client === undefined ? '' : `, client ${printable(client)}`}`)
  else if (client !== undefined) lines.push(`Client:     ${printable(client)}`)
  if (token.owner) lines.push(`Whose:      ${ownerWords(token.owner)}`)
  if (token.alive.reason !== NOT_ASKED && !token.validity.expired) lines.push(`Alive:      ${aliveWords(token.alive)}`)
  if (found.audiences.length > (found.for_management_api ? 1 : 0))
    lines.push(`For:        ${found.audiences.map((audience) => printable(audience)).join(', ')}`)
  if (found.kid !== undefined) lines.push(`Thumbprint: ${printable(found.kid)}`)
  if (found.format === 'jwt') lines.push(`Signature:  ${token.signature.verdict}: ${printable(token.signature.reason, 400)}`)
  if (found.format === 'jwt' || found.format === 'jwe') lines.push(`Expires:    ${lifeWords(token, found, now)}`)
  if (token.reach) lines.push(...reachLines(token.scopes, token.reach))
  else if (token.scopes.length > 0)
    lines.push(
      `Scopes:     ${token.scopes
        .slice(0, 20)
        .map(({scope}) => printable(scope, 60))
        .join(', ')}${token.scopes.length > 20 ? ', ... (--json)' : ''}`,
    )
  lines.push('Next:', ...token.next.map((step, index) => `  ${index + 1}. ${step}`))
  return lines
}

/** Claims are no secret, but somebody may have put one into them: a token or a key inside is not shown. */
function withoutSecrets(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return clean(value) as Readonly<Record<string, unknown>>
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return scrub(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [scrub(name), clean(member)]))
}
