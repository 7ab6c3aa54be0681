import {EXAMPLE, token} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

const NAME = 'API Explorer Application'

export const explorerToken: Hunt = {
  id: 'H7',
  title: 'All-scopes token of the API Explorer',
  question: 'Who copied the most powerful token from the Dashboard?',
  meaning:
    'The API Explorer hands out a token with every scope, for up to 30 days. The entry names the administrator and the address where it was copied. It cannot be revoked.',
  weight: 'note',
  source: "Auth0's detection risk_of_copying_the_most_powerful_token",
  detections: [
    {
      events: ['seccft'],
      where: {
        any: [
          {field: 'client_id', among: 'explorer_clients'},
          {field: 'client_name', is: [NAME]},
        ],
      },
    },
  ],
  examples: {
    hit: {
      what: 'an administrator copied a token in the API Explorer',
      entries: [
        token('seccft', 5, {
          client_id: EXAMPLE.explorer,
          client_name: NAME,
          ip: EXAMPLE.admin_ip,
          user_id: 'auth0|admin',
          user_name: 'ada@acme.example',
        }),
      ],
    },
    near_miss: {
      what: 'a Management API token of a client of the same kind of name',
      entries: [token('seccft', 5, {client_id: EXAMPLE.other, client_name: 'API Explorer of the docs site'})],
    },
  },
}
