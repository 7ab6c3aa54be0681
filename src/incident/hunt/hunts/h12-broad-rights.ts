import {EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

export const broadRights: Hunt = {
  id: 'H12',
  title: 'Tokens with too many rights in use',
  question: 'Which clients work with critical scopes, or with very many?',
  meaning:
    'A client that holds a critical scope is worth as much as the tenant. Not an attack by itself: it says where the next leak would hurt, and which grants to give back narrower.',
  weight: 'note',
  group: 'client',
  source: "Auth0's detection client_with_overpermissive_granted_scopes",
  detections: [
    {
      events: ['sapi', 'mgmt_api_read'],
      where: {
        all: [
          {not: {field: 'client_id', among: 'dashboard_clients'}},
          {not: {field: 'details.request.channel', starts: ['https://manage.']}},
          {
            any: [
              {field: 'details.request.auth.credentials.scopes', among: 'critical_scopes'},
              {field: 'details.request.auth.credentials.scopes', over: 30},
            ],
          },
        ],
      },
    },
  ],
  examples: {
    hit: {
      what: 'a change with a token that holds update:clients',
      entries: [write('patch', '/users/auth0%7C1', {scopes: ['read:users', 'update:clients']})],
    },
    near_miss: {
      what: 'a change with a narrow token',
      entries: [
        write('patch', '/users/auth0%7C1', {client_id: EXAMPLE.other, scopes: ['read:users', 'update:users_app_metadata']}),
      ],
    },
  },
}
