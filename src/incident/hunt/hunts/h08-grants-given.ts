import {byAdmin, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {CHANGES, ID, request} from '../requests.ts'

export const grantsGiven: Hunt = {
  id: 'H8',
  title: 'Rights given to a client',
  question: 'Who was given rights, on the Management API or for a compromised client?',
  meaning:
    'A client grant is the way to a token. One with create, update or delete scopes on the Management API opens the tenant to its client; any grant for a compromised client undoes containment.',
  weight: 'act',
  source: "Auth0's detection grant_mgn_api_scopes, for created grants as well",
  detections: [
    {
      events: ['sapi'],
      where: {
        all: [
          {any: [request(CHANGES, 'client-grants'), request(CHANGES, `client-grants/${ID}`)]},
          {
            any: [
              {
                all: [
                  {
                    any: [
                      {field: 'details.request.body.audience', matches: '^https?://[^/]+/api/v2/$'},
                      {field: 'details.response.body.audience', matches: '^https?://[^/]+/api/v2/$'},
                    ],
                  },
                  {
                    any: [
                      {field: 'details.request.body.scope', starts: ['create:', 'update:', 'delete:']},
                      {field: 'details.request.body.scope', among: 'critical_scopes'},
                      {field: 'details.request.body.allow_all_scopes', is: [true]},
                    ],
                  },
                  {
                    not: {
                      any: [
                        {field: 'details.request.body.client_id', among: 'trusted_clients'},
                        {field: 'details.response.body.client_id', among: 'trusted_clients'},
                      ],
                    },
                  },
                ],
              },
              {field: 'details.request.body.client_id', among: 'compromised_clients'},
              {field: 'details.response.body.client_id', among: 'compromised_clients'},
            ],
          },
        ],
      },
      leaves: {
        kind: 'grant',
        id: ['details.response.body.id'],
        in_path: `^/api/v2/client-grants/${ID}$`,
        remove: 'delete the client grant {id}: stanch grant delete --client {client} --grant {id}',
        path: '/api/v2/client-grants/{id}',
      },
    },
    {
      events: ['sapi'],
      where: request(['post'], `organizations/${ID}/client-grants`),
      leaves: {
        kind: 'organization_grant',
        id: ['details.response.body.id', 'details.request.body.grant_id'],
        remove: 'take the client grant {id} off the organisation (Dashboard > Organizations > Machine-to-Machine access)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'the leaked client gave a client the right to change clients',
      entries: [
        write('post', '/client-grants', {
          description: 'Create client grant',
          status: 201,
          body: {client_id: EXAMPLE.other, audience: EXAMPLE.audience, scope: ['update:clients']},
          response: {id: 'cgr_PlantedPlanted16', client_id: EXAMPLE.other, audience: EXAMPLE.audience, scope: ['update:clients']},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator gives another client read access to an own API',
      entries: [
        byAdmin('post', '/client-grants', {
          description: 'Create client grant',
          status: 201,
          body: {client_id: EXAMPLE.other, audience: 'https://invoices.acme.example/', scope: ['read:invoices']},
          response: {id: 'cgr_InvoicesReader01', client_id: EXAMPLE.other, audience: 'https://invoices.acme.example/'},
        }),
      ],
    },
  },
}
