import {EXAMPLE, token} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient} from '../requests.ts'

export const requestsRefused: Hunt = {
  id: 'H2',
  title: 'Token requests that were refused',
  question: 'Did somebody try with what leaked, and fail?',
  meaning:
    'A wrong secret, a scope or API that the client has no grant for, a dead key: somebody is trying what it is good for. A service with a stale secret looks alike; its address is known from before.',
  weight: 'trace',
  source: 'log schema feccft; the field of the client authentication error is misspelled there, the description says it, too',
  detections: [{events: ['feccft'], where: {all: [byCompromisedClient, {not: {after: 'containment'}}]}}],
  examples: {
    hit: {
      what: 'a refused request for an API that the client has no grant for',
      entries: [
        token('feccft', 22, {
          description: 'Client is not authorized to access "https://ledger.acme.example/".',
          audience: 'https://ledger.acme.example/',
        }),
      ],
    },
    near_miss: {
      what: 'a refusal of another client',
      entries: [token('feccft', 22, {client_id: EXAMPLE.other, description: 'Unauthorized'})],
    },
  },
}
