import {EXAMPLE, token} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient} from '../requests.ts'

export const sameTool: Hunt = {
  id: 'H25',
  title: "The attacker's tool with other clients",
  question: 'Which other clients were used with the same TLS fingerprint?',
  meaning:
    'A fingerprint that nobody showed before the leak, now with another client: its secret is probably known as well. Fingerprints name a program, not a person; common ones are left out.',
  weight: 'trace',
  source: "Auth0's detection logins_from_suspicious_tls_fingerprints; the pivot is ours",
  detections: [
    {
      events: 'any',
      where: {
        all: [
          {
            any: [
              {field: 'security_context.ja4', among: 'suspect_fingerprints'},
              {field: 'security_context.ja3', among: 'suspect_fingerprints'},
            ],
          },
          {not: byCompromisedClient},
        ],
      },
    },
  ],
  examples: {
    hit: {
      what: 'the fingerprint with another client, from another address',
      entries: [token('seccft', 50, {client_id: EXAMPLE.other, ip: '192.0.2.99', security_context: {ja4: EXAMPLE.attacker_ja4}})],
    },
    near_miss: {
      what: "another client with its own service's fingerprint",
      entries: [token('seccft', 50, {client_id: EXAMPLE.other, ip: '192.0.2.99', security_context: {ja4: EXAMPLE.consumer_ja4}})],
    },
  },
}
