import {rfc3339} from '../../src/clock.ts'
import {MAIN} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'
import type {Answer, Stage} from './stage.ts'

/** How one line of a page is played where typing it alone is not enough. */
export interface Play {
  /** On a stage of its own, prepared as at the beginning of the page: what came before has used up what this needs. */
  readonly fresh?: true
  /** What has to happen before. */
  readonly before?: (stage: Stage) => unknown
  /** What a person does with what came out. */
  readonly then?: (stage: Stage) => unknown
  /** A terminal, and what is answered in it. */
  readonly answers?: readonly Answer[]
  /** Further words at the end of the line, for the embedded tenant's sake. */
  readonly more?: string
  /** On the second responder's machine. */
  readonly colleague?: true
  /** Further words that must come out. */
  readonly sees?: readonly string[]
  /** Why it is not run. */
  readonly not?: string
}

/** The stage of one page. */
export interface Script {
  /** Of the embedded tenant; default `client-secret`. */
  readonly scenario?: string
  readonly seed?: number
  readonly setUp?: (stage: Stage) => unknown
  /** What stands for the page's placeholders, besides those that every page has. */
  readonly values?: (stage: Stage) => Readonly<Record<string, string>>
  /** A bare name of a command in the running text is typed where `lines` has it; else it is asked for its help. */
  readonly names?: true
  readonly lines?: Readonly<Record<string, Play>>
}

export const HIDDEN: Answer = [/\(not shown\)/, (stage) => stage.leak.value]
export const WHOSE: Answer = [
  /Whose is it\?[^]*Type a number/,
  (stage) => {
    const offered = stage.tenant.tenant
      .clients()
      .filter((one) => one['global'] !== true && one['client_id'] !== stage.tenant.practice.operator.client_id)
    return String(1 + offered.findIndex((one) => one['client_id'] === stage.leak.client_id))
  },
]
export const WHEN: Answer = [/When did it leak[^]*Answer/, () => '2h ago, now']
export const WAY: Answer = [/Which way\?[^]*Type a number/, () => '1']
export const CONFIRM: Answer = [/Carry out steps? \d[^]*to go on, no to stop/, (stage) => stage.leak.client_id.slice(-6)]
export const DECLINE: Answer = [/Carry out steps? \d[^]*to go on, no to stop/, () => 'no']
/** Where the tenant is one of its own: what to type is read off the screen. */
export const CONFIRM_SHOWN: Answer = [CONFIRM[0], (_, screen) => /> Type (\w{6}) to go on/.exec(screen)?.[1] ?? '']
export const KEEP_OFF: Answer = [/Give the \d+ grant\(s\) back now\?/, () => 'no']
export const GUIDED: readonly Answer[] = [HIDDEN, WHOSE, WHEN, WAY, CONFIRM, KEEP_OFF]

/** An incident as the first steps of a page make it. */
export async function contain(stage: Stage, program = 'stanch'): Promise<void> {
  const leakedAt = rfc3339(stage.tenant.practice.leak.leaked_at ?? stage.tenant.tenant.clock.now() - 3600)
  await stage.type(
    `${program} respond --leak client-secret --client ${stage.leak.client_id} --credential-file leaked.txt --leaked-at ${leakedAt} --reason "a walk through the page" --deliver file:delivered --yes`,
  )
}

/** An incident that ends in the middle: the machine dies when the intent of the rotation is on disk. */
export async function cutOff(stage: Stage): Promise<void> {
  const program = `'${process.execPath}' --import '${ROOT}test/support/failpoint.ts' '${MAIN}'`
  await contain(stage, `STANCH_FAILPOINT=after-intent:client_secret.rotate ${program}`)
}

/** Some hours before the last token ends: a page's reader waits, a suite need not. */
export const waited = (stage: Stage) => stage.tenant.tenant.clock.advance(20 * 3600)

/** A second way in: a token made by hand in the Dashboard. */
export function tokenByHand(stage: Stage): void {
  const {tenant} = stage.tenant
  const {client_id} = tenant.addClient({name: 'API Explorer Application', grant_types: ['client_credentials']})
  const scope =
    'read:clients read:client_keys update:client_keys read:client_grants create:client_grants delete:client_grants read:organization_client_grants create:organization_client_grants read:resource_servers read:logs create:clients'
  tenant.addGrant({client_id, audience: tenant.world.audience, scope: scope.split(' ')})
  stage.env = {AUTH0_DOMAIN: stage.tenant.origin, AUTH0_API_TOKEN: tenant.issueToken({client_id, scope})}
}

export function userToken(stage: Stage): void {
  const {tenant} = stage.tenant
  const subject = tenant.addUser('ann@acme.example', 'no password of anybody 0123456789')
  stage.file('leaked.txt', tenant.issueToken({client_id: stage.leak.client_id, scope: 'read:current_user', subject}))
}

/** What `auth0 login` keeps: issued by Auth0's own tenant, for the Management API of this one; its signature is made up. */
export function operatorToken(stage: Stage): string {
  const now = stage.tenant.tenant.clock.now()
  const claims = {
    iss: 'https://auth0.auth0.com/',
    sub: 'google-oauth2|100000000000000000000',
    aud: [`${stage.tenant.origin}/api/v2/`, 'https://auth0.auth0.com/userinfo'],
    azp: '2iZo3Uczt5LFHacKdM0zzgUO2eG2uDjT',
    iat: now - 600,
    exp: now + 85_800,
    scope: 'openid read:clients read:client_grants',
  }
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({alg: 'RS256', typ: 'JWT', kid: 'foreign'})}.${part(claims)}.${Buffer.alloc(256, 7).toString('base64url')}`
}

/** What the scanner writes of a client id and its secret in one file. */
export function truffleHog(stage: Stage): string {
  return `${JSON.stringify({
    SourceMetadata: {Data: {Git: {file: 'deploy/.env', line: 3}}},
    DetectorName: 'Auth0oauth',
    Verified: false,
    Raw: stage.leak.value,
    RawV2: `${stage.leak.client_id}${stage.leak.value}`,
  })}\n`
}
