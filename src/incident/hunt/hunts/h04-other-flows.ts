import {EXAMPLE, entry} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient} from '../requests.ts'

export const otherFlows: Hunt = {
  id: 'H4',
  title: 'Other ways to a token with the same client',
  question: 'Was the secret used for code, refresh, password or exchange flows?',
  meaning:
    "A web application's secret works for its users' flows, too, and client grants do not matter there. For a client that serves users these entries are its daily work; look at the address and the agent.",
  weight: 'trace',
  group: 'actor',
  source: 'log schemas of the token exchanges',
  detections: [
    {
      events: [
        'seacft',
        'sertft',
        'sepft',
        'secte',
        'sede',
        'sens',
        'seta',
        'sdeleacft',
        'success_on_behalf_of_token_exchange',
        'feacft',
        'fertft',
        'fepft',
        'fecte',
        'fede',
        'fens',
        'feta',
        'fdeleacft',
        'failed_on_behalf_of_token_exchange',
        'seoobft',
        'seotpft',
        'sercft',
        'ciba_exchange_succeeded',
        'ciba_exchange_failed',
        'jwt_bearer_exchange_failed',
      ],
      where: byCompromisedClient,
    },
  ],
  examples: {
    hit: {
      what: 'a password grant with the leaked client',
      entries: [
        entry('sepft', 40, {
          client_id: EXAMPLE.leaked,
          client_name: 'billing-sync',
          ip: EXAMPLE.attacker_ip,
          user_agent: 'curl 8.9.1 / Other 0.0.0',
          user_id: 'auth0|6132829d2f7d3d006a216aad',
          connection: 'Username-Password-Authentication',
          details: {access_token_jti: 'jti-40'},
        }),
      ],
    },
    near_miss: {
      what: 'a code exchange of another application',
      entries: [entry('seacft', 40, {client_id: EXAMPLE.other, ip: '192.0.2.77', user_id: 'auth0|1'})],
    },
  },
}
