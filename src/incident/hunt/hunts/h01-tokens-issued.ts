import {EXAMPLE, token} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient} from '../requests.ts'

export const tokensIssued: Hunt = {
  id: 'H1',
  title: 'Tokens issued to a compromised client',
  question: 'Which tokens did the client get, where from, for which API?',
  meaning:
    'Each lives until its own expiry: its date plus the lifetime of the API. The service that the client was made for gets tokens, too; who is who is told by address, fingerprint and agent before and after the leak.',
  weight: 'trace',
  source: "log schema seccft; Auth0's token id in details.access_token_jti",
  detections: [{events: ['seccft'], where: {all: [byCompromisedClient, {not: {after: 'containment'}}]}}],
  examples: {
    hit: {what: 'a token for the Management API to the leaked client', entries: [token('seccft', 20)]},
    near_miss: {
      what: 'a token to another client',
      entries: [token('seccft', 20, {client_id: EXAMPLE.other, client_name: 'warehouse'})],
    },
  },
}
