import {EXAMPLE, token} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient, fromSuspectAddress} from '../requests.ts'

export const sameAddress: Hunt = {
  id: 'H26',
  title: "The attacker's address or account elsewhere",
  question: 'What else came from the suspect addresses, and from users that the attacker made?',
  meaning:
    'Other clients used from there are probably leaked as well; logins from there concern the accounts of users. Addresses of shared networks, seen before the leak, are left out.',
  weight: 'trace',
  source: "Auth0's detection logins_or_signups_from_suspicious_ips; the pivot is ours",
  detections: [
    {events: 'any', where: {all: [fromSuspectAddress, {not: byCompromisedClient}]}},
    {
      events: 'any',
      where: {
        all: [
          {
            any: [
              {field: 'user_id', among: 'planted_users'},
              {field: 'details.request.auth.user.email', among: 'planted_users'},
            ],
          },
          {not: byCompromisedClient},
        ],
      },
    },
  ],
  examples: {
    hit: {
      what: "another client used from the attacker's address",
      entries: [token('feccft', 55, {client_id: EXAMPLE.other, description: 'Unauthorized'})],
    },
    near_miss: {
      what: 'another client used from its own address',
      entries: [token('feccft', 55, {client_id: EXAMPLE.other, ip: EXAMPLE.consumer_ip, description: 'Unauthorized'})],
    },
  },
}
