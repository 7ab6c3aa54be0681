import {readFileSync} from 'node:fs'

import {ROOT} from '../support/tree.ts'
import {JOURNEYS} from './journeys.ts'
import {
  CONFIRM,
  CONFIRM_SHOWN,
  GUIDED,
  HIDDEN,
  KEEP_OFF,
  WAY,
  WHEN,
  WHOSE,
  contain,
  cutOff,
  operatorToken,
  tokenByHand,
  truffleHog,
  userToken,
  waited,
} from './play.ts'
import type {Script} from './play.ts'

/** Every page that shows a command line. */
export const SCRIPTS: Readonly<Record<string, Script>> = {
  ...JOURNEYS,
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
