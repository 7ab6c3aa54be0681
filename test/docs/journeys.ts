import {rfc3339} from '../../src/clock.ts'
import {
  CONFIRM,
  DECLINE,
  GUIDED,
  HIDDEN,
  KEEP_OFF,
  WAY,
  WHEN,
  WHOSE,
  contain,
  tokenByHand,
  truffleHog,
  userToken,
  waited,
} from './play.ts'
import type {Script} from './play.ts'

const J = '.github/docs/journeys'
const GRANT_FOUND = /grant delete --client (\w+) --grant (cgr_\w+)/

/** The pages of the journeys. */
export const JOURNEYS: Readonly<Record<string, Script>> = {
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
}
