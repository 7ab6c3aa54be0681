import {EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, knownSecret} from '../requests.ts'

export const secretsRead: Hunt = {
  id: 'H6',
  title: 'Secrets that were read',
  question: 'Which secrets did it see?',
  meaning:
    'Whatever was read is leaked as well and has to be replaced; its client is looked at next. Reads that returned no secret leave no entry at all.',
  weight: 'act',
  source: "log schemas mgmt_api_read and sapi (accessedSecrets); Auth0's detection risk_of_copying_client_credentials",
  detections: [
    {
      events: ['mgmt_api_read'],
      where: {field: 'details.request.path', matches: `^/api/v2/clients/${ID}$`},
      leaves: knownSecret(`^/api/v2/clients/${ID}$`),
    },
    {
      events: ['mgmt_api_read'],
      where: {not: {field: 'details.request.path', matches: `^/api/v2/clients/${ID}$`}},
      leaves: {
        kind: 'secrets',
        in_path: '^/api/v2/([^?]+)',
        remove: 'replace every secret that this answer holds: {id} (for clients: stanch secret rotate, one by one)',
      },
    },
    {events: ['sapi'], where: {field: 'details.accessedSecrets', exists: true}},
  ],
  examples: {
    hit: {
      what: "another client's secret read with the leaked client",
      entries: [
        write('get', `/clients/${EXAMPLE.other}`, {
          type: 'mgmt_api_read',
          description: 'Get client by ID',
          secrets: ['client_secret'],
          response: {client_id: EXAMPLE.other},
        }),
      ],
    },
    near_miss: {
      what: 'a change whose answer held no secret',
      entries: [write('patch', `/clients/${EXAMPLE.other}`, {body: {description: 'x'}})],
    },
  },
}
