import {entry, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, request, WRITES} from '../requests.ts'

export const fence: Hunt = {
  id: 'H29',
  title: 'The fence',
  question: 'Do the access control lists block what they should, and did somebody change them?',
  meaning:
    'Matches of the list that was made for this incident show that it works, and who runs into it. A change of any list by somebody else opens or closes the tenant for whole networks.',
  weight: 'act',
  source:
    "log schema acls_summary, which has the counts as fields or as a list; Auth0's documentation of tenant access control lists",
  detections: [
    {
      events: ['acls_summary'],
      where: {
        any: [
          {field: 'details.acl_id', among: 'fence_acls'},
          {field: 'details.stats.acl_id', among: 'fence_acls'},
          {field: 'details.stats.id', among: 'fence_acls'},
        ],
      },
    },
    {
      events: ['sapi'],
      where: request(WRITES, `network-acls(/${ID})?`),
      leaves: {
        kind: 'network_acl',
        id: ['details.response.body.id'],
        in_path: `^/api/v2/network-acls/${ID}$`,
        remove: 'set the access control list {id} back (Dashboard > Security > Tenant Access Control List)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'matches of our own list, in the shape of the schema',
      entries: [entry('acls_summary', 100, {details: {stats: [{acl_id: EXAMPLE.acl, matches: 12}]}})],
    },
    near_miss: {
      what: 'matches of a list that has nothing to do with it, and an ordinary change',
      entries: [
        entry('acls_summary', 100, {details: {acl_id: 'acl_SomebodyElsesList00001', matches: 2}}),
        write('patch', '/users/auth0%7C1', {minute: 101, client_id: EXAMPLE.other, ip: '192.0.2.55', body: {user_metadata: {}}}),
      ],
    },
  },
}
