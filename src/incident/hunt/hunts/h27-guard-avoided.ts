import {entry, EXAMPLE} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

export const guardAvoided: Hunt = {
  id: 'H27',
  title: 'The guard avoided',
  question: 'Who logs in past the custom domain?',
  meaning:
    'Where a custom domain is in use, its firewall and filters do not see what goes to the Auth0 host directly. Old configurations of applications do that without ill intent.',
  weight: 'note',
  group: 'client',
  source: "Auth0's detection use_of_auth0_tenant_name_url",
  detections: [
    {
      events: ['s', 'f', 'fs', 'ss', 'w', 'fp', 'fu', 'scoa', 'fcoa', 'sepft', 'fepft'],
      where: {field: 'hostname', among: 'canonical_hosts'},
    },
  ],
  examples: {
    hit: {
      what: 'a wrong password at the Auth0 host',
      entries: [entry('fp', 15, {client_id: EXAMPLE.other, ip: '192.0.2.77', hostname: EXAMPLE.canonical})],
    },
    near_miss: {
      what: 'the same at the custom domain',
      entries: [entry('fp', 15, {client_id: EXAMPLE.other, ip: '192.0.2.77', hostname: EXAMPLE.custom})],
    },
  },
}
