import {readFileSync} from 'node:fs'

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

const HIDDEN: Answer = [/\(not shown\)/, (stage) => stage.leak.value]
const WHOSE: Answer = [
  /Whose is it\?[^]*Type a number/,
  (stage) => {
    const offered = stage.tenant.tenant
      .clients()
      .filter((one) => one['global'] !== true && one['client_id'] !== stage.tenant.practice.operator.client_id)
    return String(1 + offered.findIndex((one) => one['client_id'] === stage.leak.client_id))
  },
]
const WHEN: Answer = [/When did it leak[^]*Answer/, () => '2h ago, now']
const WAY: Answer = [/Which way\?[^]*Type a number/, () => '1']
const CONFIRM: Answer = [/Carry out steps? \d[^]*to go on, no to stop/, (stage) => stage.leak.client_id.slice(-6)]
const DECLINE: Answer = [/Carry out steps? \d[^]*to go on, no to stop/, () => 'no']
/** Where the tenant is one of its own: what to type is read off the screen. */
const CONFIRM_SHOWN: Answer = [CONFIRM[0], (_, screen) => /> Type (\w{6}) to go on/.exec(screen)?.[1] ?? '']
const KEEP_OFF: Answer = [/Give the \d+ grant\(s\) back now\?/, () => 'no']
const GUIDED: readonly Answer[] = [HIDDEN, WHOSE, WHEN, WAY, CONFIRM, KEEP_OFF]

/** An incident as the first steps of a page make it. */
async function contain(stage: Stage, program = 'stanch'): Promise<void> {
  const leakedAt = rfc3339(stage.tenant.practice.leak.leaked_at ?? stage.tenant.tenant.clock.now() - 3600)
  await stage.type(
    `${program} respond --leak client-secret --client ${stage.leak.client_id} --credential-file leaked.txt --leaked-at ${leakedAt} --reason "a walk through the page" --deliver file:delivered --yes`,
  )
}

/** An incident that ends in the middle: the machine dies when the intent of the rotation is on disk. */
async function cutOff(stage: Stage): Promise<void> {
  const program = `'${process.execPath}' --import '${ROOT}test/support/failpoint.ts' '${MAIN}'`
  await contain(stage, `STANCH_FAILPOINT=after-intent:client_secret.rotate ${program}`)
}

/** Some hours before the last token ends: a page's reader waits, a suite need not. */
const waited = (stage: Stage) => stage.tenant.tenant.clock.advance(20 * 3600)

/** A second way in: a token made by hand in the Dashboard. */
function tokenByHand(stage: Stage): void {
  const {tenant} = stage.tenant
  const {client_id} = tenant.addClient({name: 'API Explorer Application', grant_types: ['client_credentials']})
  const scope =
    'read:clients read:client_keys update:client_keys read:client_grants create:client_grants delete:client_grants read:organization_client_grants create:organization_client_grants read:resource_servers read:logs create:clients'
  tenant.addGrant({client_id, audience: tenant.world.audience, scope: scope.split(' ')})
  stage.env = {AUTH0_DOMAIN: stage.tenant.origin, AUTH0_API_TOKEN: tenant.issueToken({client_id, scope})}
}

function userToken(stage: Stage): void {
  const {tenant} = stage.tenant
  const subject = tenant.addUser('ann@acme.example', 'no password of anybody 0123456789')
  stage.file('leaked.txt', tenant.issueToken({client_id: stage.leak.client_id, scope: 'read:current_user', subject}))
}

/** What `auth0 login` keeps: issued by Auth0's own tenant, for the Management API of this one; its signature is made up. */
function operatorToken(stage: Stage): string {
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

const J = '.github/docs/journeys'
const GRANT_FOUND = /grant delete --client (\w+) --grant (cgr_\w+)/

export const SCRIPTS: Readonly<Record<string, Script>> = {
  [`${J}/J01-client-secret.md`]: {
    lines: {
      'stanch respond': {answers: GUIDED},
      'stanch grant restore --incident INCIDENT_ID': {answers: [CONFIRM]},
      'stanch watch INCIDENT_ID': {before: waited},
    },
  },
  [`${J}/J02-management-token.md`]: {
    scenario: 'management-token',
    lines: {
      'stanch respond --leak management-token --credential-file leaked.txt': {answers: [WHEN, WAY, CONFIRM]},
      'stanch watch INCIDENT_ID': {before: waited},
    },
  },
  [`${J}/J03-ci-provider.md`]: {
    lines: {
      'stanch incident approve --plan-hash HASH': {
        colleague: true,
        then: async (stage) => {
          stage.file('approval.txt', /^stanch-approval\S* .*$/m.exec(stage.said)?.[0] ?? '')
          await stage.type('stanch audit key show', {home: stage.colleague})
        },
      },
    },
  },
  [`${J}/J04-own-credential.md`]: {
    setUp: (stage) => {
      const {client_id, client_secret: value} = stage.tenant.practice.operator
      stage.leak = {client_id, value}
      stage.file('leaked.txt', value)
    },
    lines: {
      'stanch respond --leak client-secret --client CLIENT_ID --credential-file leaked.txt': {
        before: tokenByHand,
        answers: [WHEN, WAY, CONFIRM],
      },
      'stanch respond --leak client-secret --client CLIENT_ID --credential-file leaked.txt --include-own': {
        fresh: true,
        answers: [WHEN, WAY, CONFIRM],
      },
    },
  },
  [`${J}/J05-private-key.md`]: {
    scenario: 'private-key',
    setUp: (stage) => stage.file('leaked.pem', stage.leak.value),
    lines: {'stanch grant restore --incident INCIDENT_ID': {answers: [CONFIRM]}},
  },
  [`${J}/J06-user-token.md`]: {
    setUp: userToken,
  },
  [`${J}/J07-refresh-token.md`]: {
    setUp: (stage) => stage.file('leaked.txt', `v1.${'MadeUpForThisPage-_'.repeat(4)}`),
  },
  [`${J}/J08-persistence.md`]: {
    // in this story the attacker made an application of his own, with a grant
    scenario: 'secret-in-repository',
    seed: 4,
    setUp: (stage) => contain(stage),
    values: (stage) => ({
      '2026-11-22T01:10:00Z': rfc3339(stage.tenant.practice.leak.leaked_at ?? 0),
      OTHER_CLIENT_ID: GRANT_FOUND.exec(stage.said)?.[1] ?? 'OTHER_CLIENT_ID',
      GRANT_ID: GRANT_FOUND.exec(stage.said)?.[2] ?? 'GRANT_ID',
      FIND: /^ +(hunt\.\S+):/m.exec(stage.said)?.[1] ?? 'FIND',
    }),
  },
  [`${J}/J09-whose-is-it.md`]: {
    setUp: (stage) => stage.file('findings.json', truffleHog(stage)),
  },
  [`${J}/J10-third-party.md`]: {
    scenario: 'third-party-default',
    lines: {
      'stanch respond --leak client-secret --client CLIENT_ID --credential-file leaked.txt': {
        answers: [WHEN, WAY, CONFIRM, KEEP_OFF],
      },
    },
  },
  [`${J}/J11-signing-secret.md`]: {},
  [`${J}/J12-many-tenants.md`]: {
    setUp: (stage) => {
      stage.env = {ACME_EU_SECRET: stage.tenant.practice.operator.client_secret}
    },
    values: (stage) => ({
      RESPONDER_ID: stage.tenant.practice.operator.client_id,
    }),
  },
  [`${J}/J13-auditor.md`]: {
    setUp: async (stage) => {
      await contain(stage)
      const id = stage.incident()
      await stage.type(`stanch incident update ${id} --done deploy-new-secret --done remove-leak --done tell-owner`)
      await stage.type(`stanch incident close ${id} --disposition contained --cause "a push" --anchor SEC-42`)
      await stage.type('stanch audit key show --simulated')
    },
  },
  [`${J}/J14-false-alarm.md`]: {
    lines: {'stanch respond': {answers: [HIDDEN, WHOSE, WHEN, WAY, DECLINE]}},
  },
  [`${J}/README.md`]: {},
  '.github/docs/cheat-card.md': {
    names: true,
    values: (stage) => ({SINK: `file:${stage.home.folder}/again`, STEP: 'remove-leak'}),
    lines: {
      'stanch respond': {answers: GUIDED},
      'stanch resume': {fresh: true, before: cutOff, answers: [], sees: ['CONTAINED']},
      'stanch hunt --incident INCIDENT_ID': {sees: ['Hunt:']},
      'stanch incident show INCIDENT_ID': {sees: ['Next:']},
      'stanch grant restore --incident INCIDENT_ID': {answers: [CONFIRM], sees: ['RESTORED']},
      'stanch watch INCIDENT_ID': {before: waited, sees: ['ALL CLEAR']},
      'stanch incident close INCIDENT_ID': {
        before: (stage) => stage.type(`stanch incident update ${stage.incident()} --done deploy-new-secret --done tell-owner`),
        answers: [
          [/How did this incident end\?[^]*Type a number/, () => '1'],
          [/What was the cause[^]*>/, () => 'pushed to a public repository'],
          [/Where did you post it\?[^]*>/, () => 'SEC-42'],
        ],
        sees: ['CLOSED'],
      },
      // the trail of the real tenants of this machine is empty
      'stanch audit verify': {more: '--simulated', sees: ['VERIFIED']},
      'stanch doctor': {sees: ['0 fail']},
      'stanch drill': {answers: [WHEN, WAY, CONFIRM_SHOWN, KEEP_OFF], sees: ['Score card']},
      'stanch client list': {},
      'stanch incident list': {},
    },
  },
  '.github/docs/faq.md': {
    lines: {
      'stanch token inspect': {answers: [HIDDEN], sees: ['It is: a client secret']},
      'stanch exposure --client CLIENT_ID': {sees: ['All clear:', 'tokens live']},
      'stanch respond --leak management-token': {answers: [WHOSE, WHEN, CONFIRM], sees: ['CONTAINED']},
      'stanch respond --leak client-secret --client CLIENT_ID': {
        fresh: true,
        answers: [WHEN, WAY, CONFIRM, KEEP_OFF],
        sees: ['CONTAINED'],
      },
      'stanch secret rotate --client CLIENT_ID --deliver file:PATH': {
        fresh: true,
        answers: [CONFIRM],
        sees: ['the old secret (for good)'],
      },
      'stanch setup': {
        before: tokenByHand,
        answers: [[/Type make to go on/, () => 'make']],
        then: (stage) => (stage.env = {...stage.tenant.connection}),
        sees: ['stanch-contain'],
      },
      'stanch token get --audience https://YOUR_DOMAIN/api/v2/': {sees: ['Expires:', 'The token itself is not shown']},
      'stanch client list': {sees: ['billing-sync']},
    },
  },
  'README.md': {
    setUp: (stage) => stage.file('found.jsonl', truffleHog(stage)),
    values: (stage) => ({
      '/run/secrets/billing-sync': `${stage.home.folder}/billing-sync`,
      ID: stage.incident(),
      SINK: `file:${stage.home.folder}/again`,
    }),
    lines: {
      'stanch respond': {answers: GUIDED, sees: ['CONTAINED']},
      "stanch respond --yes --json --leak client-secret --client LEAKED_CLIENT_ID --credential-file leaked.txt --reason 'secret in public repository' --deliver file:/run/secrets/billing-sync":
        {fresh: true, sees: ['"status": "contained"']},
      'stanch token inspect --from-scanner found.jsonl --find-client --probe': {fresh: true, sees: ['Whose:', 'Alive: yes']},
      'stanch assess --client LEAKED_CLIENT_ID # every way to a new token, now and after the plan': {
        sees: ['Ways to a new token'],
      },
      'stanch secret deliver --incident ID --deliver SINK': {
        before: (stage) => contain(stage),
        sees: ['its fingerprint is the one of the rotation'],
      },
      'stanch watch --json': {before: waited, sees: ['"type":"watching"', '"type":"ended"']},
    },
  },
  '.github/CONTRIBUTING.md': {},
  '.github/SECURITY.md': {},
  'runbooks/README.md': {
    setUp: (stage) =>
      stage.file('ours.md', readFileSync(`${ROOT}runbooks/client-secret.md`, 'utf8').replace('id: client-secret', 'id: ours')),
    lines: {'stanch runbook lint ./ours.md': {sees: ['ours']}},
  },
  'runbooks/client-secret.md': {
    lines: {'stanch respond --leak client-secret': {answers: [WHOSE, WHEN, WAY, CONFIRM, KEEP_OFF], sees: ['CONTAINED']}},
  },
  'runbooks/management-token.md': {
    lines: {'stanch respond --leak management-token': {answers: [WHOSE, WHEN, CONFIRM], sees: ['CONTAINED']}},
  },
  'runbooks/operator-token.md': {
    values: () => ({TOKEN: 'leaked.txt'}),
    setUp: (stage) => stage.file('leaked.txt', operatorToken(stage)),
    lines: {'stanch token inspect --file TOKEN': {sees: ['the token of an administrator who signed in with the Auth0 CLI']}},
  },
  'runbooks/own-credential.md': {
    lines: {
      [`AUTH0_DOMAIN=acme.eu.auth0.com stanch doctor # with AUTH0_API_TOKEN or the second client's variables set`]: {
        before: tokenByHand,
        sees: ['0 fail'],
      },
      'stanch respond --leak client-secret --client LEAKED_CLIENT_ID': {
        answers: [WHEN, WAY, CONFIRM, KEEP_OFF],
        sees: ['CONTAINED'],
      },
    },
  },
  'runbooks/private-key.md': {
    scenario: 'private-key',
    values: () => ({KEY: 'leaked.txt'}),
    lines: {'stanch token inspect --file KEY': {sees: ['a private key', 'Thumbprint:']}},
  },
  'runbooks/unknown.md': {values: () => ({KIND: 'client-secret'})},
  'runbooks/user-token.md': {
    setUp: userToken,
    values: () => ({TOKEN: 'leaked.txt'}),
    lines: {'stanch token inspect --file TOKEN': {sees: ['an access token of a user']}},
  },
}

/** What the scanner writes of a client id and its secret in one file. */
function truffleHog(stage: Stage): string {
  return `${JSON.stringify({
    SourceMetadata: {Data: {Git: {file: 'deploy/.env', line: 3}}},
    DetectorName: 'Auth0oauth',
    Verified: false,
    Raw: stage.leak.value,
    RawV2: `${stage.leak.client_id}${stage.leak.value}`,
  })}\n`
}
