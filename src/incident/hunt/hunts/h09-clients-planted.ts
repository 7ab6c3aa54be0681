import {byAdmin, entry, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {request} from '../requests.ts'

const LEAVES = {
  kind: 'client',
  id: ['details.response.body.client_id'],
  remove: 'delete the client {id} (Dashboard > Applications > Settings > Danger Zone), its grants go with it',
  path: '/api/v2/clients/{id}',
} as const

export const clientsPlanted: Hunt = {
  id: 'H9',
  title: 'New clients',
  question: 'Were clients created that could be a way back in?',
  meaning:
    'A client made by the attacker outlives the leaked credential; it is looked at like the leaked one from then on. Dynamic registration counts where several came within an hour.',
  weight: 'act',
  source: "log schema sapi; Auth0's detection rapid_creation_of_clients_with_dynamic_registration",
  detections: [
    {events: ['sapi'], where: request(['post'], 'clients'), leaves: LEAVES},
    {
      events: ['sapi'],
      where: {field: 'description', is: ['Dynamic client registration']},
      at_least: {count: 5, within_seconds: 3600, by: 'type'},
      leaves: LEAVES,
    },
  ],
  examples: {
    hit: {
      what: 'a client created with the leaked client',
      entries: [
        write('post', '/clients', {
          description: 'Create a client',
          status: 201,
          body: {name: 'health-check', app_type: 'non_interactive'},
          response: {client_id: 'Pl1Planted2Client3By4Attacker5Xx', name: 'health-check'},
        }),
      ],
    },
    near_miss: {
      what: 'one client by dynamic registration, and a client renamed by an administrator',
      entries: [
        entry('sapi', 30, {description: 'Dynamic client registration', ip: '192.0.2.90', client_id: null}),
        byAdmin('patch', `/clients/${EXAMPLE.other}`, {minute: 31, description: 'Update a client', body: {name: 'warehouse'}}),
      ],
    },
  },
}
