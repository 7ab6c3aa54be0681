import {byAdmin, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, request} from '../requests.ts'

export const clientsWeakened: Hunt = {
  id: 'H11',
  title: 'Clients weakened',
  question: 'Was a client opened for flows, callbacks or origins that help an attacker?',
  meaning:
    "Implicit and password flows, a callback or origin of the attacker's, cross-origin authentication: each yields users' codes, tokens or passwords.",
  weight: 'act',
  source: "Auth0's detections insecure_grants_enabled_for_applications and cross_origin_authentication_enabled",
  detections: [
    {
      events: ['sapi'],
      where: {
        all: [
          request(['patch'], `clients/${ID}`),
          {
            any: [
              {
                field: 'details.request.body.grant_types',
                is: ['implicit', 'password', 'http://auth0.com/oauth/grant-type/password-realm'],
              },
              {field: 'details.request.body.cross_origin_authentication', is: [true]},
              {field: 'details.request.body.cross_origin_auth', is: [true]},
              {field: 'details.request.body.callbacks', exists: true},
              {field: 'details.request.body.allowed_origins', exists: true},
              {field: 'details.request.body.web_origins', exists: true},
              {field: 'details.request.body.initiate_login_uri', exists: true},
              {field: 'details.request.body.oidc_conformant', is: [false]},
            ],
          },
        ],
      },
      leaves: {
        kind: 'client_settings',
        in_path: `^/api/v2/clients/${ID}$`,
        remove: 'set grant types, callbacks and origins of the client {id} back (Dashboard > Applications > Settings)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'a callback of the attacker added to an application',
      entries: [
        write('patch', `/clients/${EXAMPLE.other}`, {
          description: 'Update a client',
          body: {callbacks: ['https://app.acme.example/cb', 'https://evil.example/cb']},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator adds the refresh token flow',
      entries: [
        byAdmin('patch', `/clients/${EXAMPLE.other}`, {
          description: 'Update a client',
          body: {grant_types: ['authorization_code', 'refresh_token']},
        }),
      ],
    },
  },
}
