import {EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

export const ourOwn: Hunt = {
  id: 'H31',
  title: 'Our own acts',
  question: 'Was it our own tool?',
  meaning:
    "What carries a correlation id or a token id of this trail is ours and is taken out of every other question. An act of the responder's client without one is not: compare with stanch audit reconcile.",
  weight: 'note',
  source: 'correlation ids and token ids that the trail recorded',
  detections: [
    {
      events: 'any',
      where: {
        any: [
          {field: 'references.correlation_id', among: 'own_correlation_ids'},
          {field: 'details.request.auth.credentials.jti', among: 'own_tokens'},
          {field: 'details.access_token_jti', among: 'own_tokens'},
          {field: 'client_id', among: 'own_clients'},
        ],
      },
    },
  ],
  examples: {
    hit: {
      what: 'a grant that stanch deleted',
      entries: [
        write('delete', '/client-grants/cgr_Abcdefghijklmnop', {
          client_id: EXAMPLE.own,
          ip: '192.0.2.20',
          status: 204,
          correlation_id: EXAMPLE.own_correlation,
        }),
      ],
    },
    near_miss: {
      what: 'a grant deleted by another client under an id that looks like ours',
      entries: [
        write('delete', '/client-grants/cgr_Abcdefghijklmnop', {
          client_id: EXAMPLE.other,
          ip: '192.0.2.55',
          status: 204,
          correlation_id: 'stanch-ffffffffffffffff',
        }),
      ],
    },
  },
}
