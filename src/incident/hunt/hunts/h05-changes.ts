import {EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient, fromSuspectAddress} from '../requests.ts'

export const changes: Hunt = {
  id: 'H5',
  title: 'Other changes by a compromised client or a suspect address',
  question: 'What else did it change?',
  meaning:
    'Every successful write that no sharper question is about. Read the path and the body: what is ordinary for the service that owns the client is not a finding by itself.',
  weight: 'trace',
  source: 'log schema sapi',
  detections: [{events: ['sapi', 'fapi'], where: {any: [byCompromisedClient, fromSuspectAddress]}}],
  examples: {
    hit: {
      what: 'an API was changed with the leaked client',
      entries: [write('patch', '/resource-servers/507f1f77bcf86cd799439011', {body: {token_lifetime: 2_592_000}})],
    },
    near_miss: {
      what: 'the same change by another client from elsewhere',
      entries: [
        write('patch', '/resource-servers/507f1f77bcf86cd799439011', {
          client_id: EXAMPLE.other,
          ip: '192.0.2.55',
          body: {token_lifetime: 3600},
        }),
      ],
    },
  },
}
