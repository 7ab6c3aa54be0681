import {entry, EXAMPLE} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient} from '../requests.ts'

const malformed = (minute: number, ip: string) =>
  entry('f', minute, {client_id: EXAMPLE.other, ip, description: 'Callback URL mismatch. https://evil.example/cb is not allowed'})

export const probing: Hunt = {
  id: 'H28',
  title: 'The tenant is probed',
  question: 'Does somebody try callbacks, audiences and clients, or run into limits?',
  meaning:
    'Many malformed authorisation requests from one address, or limits hit by a compromised client. A badly configured application looks the same, from many addresses.',
  weight: 'trace',
  source: "Auth0's detection many_failed_authorization_requests; log schema api_limit",
  detections: [
    {
      events: ['f'],
      where: {
        field: 'description',
        contains: [
          'is not supported by this server',
          'mismatch',
          'Unknown client',
          'Unsupported response type',
          'Service not found',
          'The redirect_uri parameter is not valid',
        ],
      },
      at_least: {count: 10, within_seconds: 3600, by: 'ip'},
    },
    {events: ['api_limit'], where: byCompromisedClient},
  ],
  examples: {
    hit: {
      what: 'ten callbacks tried from one address within an hour',
      entries: Array.from({length: 10}, (_, i) => malformed(i, EXAMPLE.attacker_ip)),
    },
    near_miss: {
      what: 'the same from ten addresses, and nine from one',
      entries: [
        ...Array.from({length: 10}, (_, i) => malformed(i, `192.0.2.${100 + i}`)),
        ...Array.from({length: 9}, (_, i) => malformed(20 + i, '192.0.2.200')),
      ],
    },
  },
}
