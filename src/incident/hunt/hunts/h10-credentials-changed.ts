import {byAdmin, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, knownSecret, request} from '../requests.ts'

export const credentialsChanged: Hunt = {
  id: 'H10',
  title: 'Secrets and keys of clients changed',
  question: 'Did the attacker set a secret, or add a key of his own?',
  meaning:
    'Whoever sets a secret knows it, and a key that was added keeps working when the secret is replaced. The answer of a rotation holds the new secret.',
  weight: 'act',
  source: 'log schema sapi, by path',
  detections: [
    {
      events: ['sapi'],
      where: request(['post'], `clients/${ID}/rotate-secret`),
      leaves: knownSecret(`^/api/v2/clients/${ID}/rotate-secret$`),
    },
    {
      events: ['sapi'],
      where: request(['post'], `clients/${ID}/credentials`),
      leaves: {
        kind: 'credential',
        id: ['details.response.body.id'],
        remove: 'detach and delete the credential {id} (Dashboard > Applications > Credentials)',
      },
    },
    {
      events: ['sapi'],
      where: {
        all: [
          request(['patch'], `clients/${ID}`),
          {
            any: [
              {field: 'details.request.body.client_secret', exists: true},
              {field: 'details.request.body.client_authentication_methods', exists: true},
              {field: 'details.request.body.token_endpoint_auth_method', exists: true},
            ],
          },
        ],
      },
      leaves: knownSecret(`^/api/v2/clients/${ID}$`, 'set another secret, and check how the client authenticates'),
    },
    {events: ['sapi'], where: request(['delete', 'patch'], `clients/${ID}/credentials/${ID}`)},
  ],
  examples: {
    hit: {
      what: 'a key added to another client',
      entries: [
        write('post', `/clients/${EXAMPLE.other}/credentials`, {
          description: 'Create a client credential',
          status: 201,
          body: {credential_type: 'public_key', name: 'backup'},
          response: {id: 'cred_PlantedKeyPlantedKey22', name: 'backup'},
        }),
      ],
    },
    near_miss: {
      what: "an administrator changes a client's description",
      entries: [byAdmin('patch', `/clients/${EXAMPLE.other}`, {description: 'Update a client', body: {description: 'nightly'}})],
    },
  },
}
