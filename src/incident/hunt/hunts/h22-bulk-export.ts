import {EXAMPLE, entry, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient, request} from '../requests.ts'

export const bulkExport: Hunt = {
  id: 'H22',
  title: 'Data taken in bulk',
  question: 'Were users exported, or pages read until the limit?',
  meaning:
    'An export job holds the data of every user. Paging through users leaves no entry, only the rate limit that it runs into: several limit events of the client are the shadow of a bulk read.',
  weight: 'act',
  source: 'log schemas sapi, api_limit',
  detections: [
    {
      events: ['sapi'],
      where: {any: [request(['post'], 'jobs/users-exports'), request(['post'], 'jobs/verification-email')]},
      leaves: {
        kind: 'export',
        id: ['details.response.body.id'],
        remove: 'count the data of the export {id} as taken: tell privacy and legal (it cannot be called back)',
      },
    },
    {
      events: ['api_limit', 'api_limit_warning'],
      where: byCompromisedClient,
      at_least: {count: 3, within_seconds: 3600, by: 'client_id'},
    },
  ],
  examples: {
    hit: {
      what: 'an export of all users',
      entries: [
        write('post', '/jobs/users-exports', {
          description: 'Create export users job',
          body: {format: 'csv', limit: 100_000},
          response: {id: 'job_Exported12345678', type: 'users_export'},
        }),
      ],
    },
    near_miss: {
      what: 'the limit hit twice by the leaked client',
      entries: [
        entry('api_limit', 10, {client_id: EXAMPLE.leaked, details: {limit: {bucket: 'management'}}}),
        entry('api_limit', 12, {client_id: EXAMPLE.leaked, details: {limit: {bucket: 'management'}}}),
      ],
    },
  },
}
