import {byAdmin, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, request} from '../requests.ts'

export const rogueIdentityProvider: Hunt = {
  id: 'H19',
  title: 'Rogue identity provider',
  question: 'Can somebody else now say who a user is?',
  meaning:
    'A connection of the attacker, one that was switched on for more clients, or a SCIM token lets him enter as a user he makes up or takes over.',
  weight: 'act',
  source: 'log schema sapi, by path',
  detections: [
    {
      events: ['sapi'],
      where: request(['post'], 'connections'),
      leaves: {
        kind: 'connection',
        id: ['details.response.body.id'],
        remove: 'delete the connection {id} (Dashboard > Authentication)',
        path: '/api/v2/connections/{id}',
      },
    },
    {
      events: ['sapi'],
      where: {
        all: [
          request(['patch', 'put'], `connections/${ID}`),
          {
            any: [
              {field: 'details.request.body.options', exists: true},
              {field: 'details.request.body.enabled_clients', exists: true},
              {field: 'details.request.body.is_domain_connection', is: [true]},
            ],
          },
        ],
      },
      leaves: {
        kind: 'connection_settings',
        in_path: `^/api/v2/connections/${ID}$`,
        remove: 'set options and enabled clients of the connection {id} back (Dashboard > Authentication)',
      },
    },
    {
      events: ['sapi'],
      where: request(['post', 'patch', 'put'], `connections/${ID}/(clients|scim-configuration|scim-configuration/tokens|keys.*)`),
      leaves: {
        kind: 'connection_access',
        in_path: '^/api/v2/connections/([^/?]+)/',
        remove: 'take back enabled clients, SCIM tokens and keys of the connection {id} (Dashboard > Authentication)',
      },
    },
    {
      events: ['sapi'],
      where: request(['post', 'patch'], `(self-service-profiles|token-exchange-profiles)(/.+)?`),
      leaves: {
        kind: 'profile',
        id: ['details.response.body.id'],
        in_path: '^/api/v2/(?:self-service-profiles|token-exchange-profiles)/([^/?]+)',
        remove: 'delete the profile {id} (Dashboard > Authentication)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'a connection made with the leaked client',
      entries: [
        write('post', '/connections', {
          description: 'Create a connection',
          status: 201,
          body: {name: 'corp-sso-2', strategy: 'oidc', options: {issuer: 'https://idp.evil.example/'}},
          response: {id: 'con_PlantedPlanted00', name: 'corp-sso-2'},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator gives a connection another display name',
      entries: [byAdmin('patch', '/connections/con_Abcdefghijklmnop', {body: {display_name: 'Staff'}})],
    },
  },
}
