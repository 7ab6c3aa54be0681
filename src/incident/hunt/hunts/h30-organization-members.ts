import {byAdmin, entry, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {fromSuspectAddress, ID, request} from '../requests.ts'

export const organizationMembers: Hunt = {
  id: 'H30',
  title: 'Organisation membership',
  question: 'Who was put into an organisation?',
  meaning: "Members reach that customer's data. An invitation link works for whoever opens it.",
  weight: 'act',
  source: 'log schemas organization_member_added and sapi',
  detections: [
    {
      events: ['sapi'],
      where: {
        any: [
          request(['post'], `organizations/${ID}/members`),
          request(['post'], `organizations/${ID}/invitations`),
          request(['post', 'patch'], `organizations/${ID}/enabled_connections(/${ID})?`),
        ],
      },
      leaves: {
        kind: 'organization',
        in_path: '^/api/v2/organizations/([^/?]+)/',
        remove: 'take members, invitations and connections back out of the organisation {id} (Dashboard > Organizations)',
      },
    },
    {
      events: ['organization_member_added'],
      where: fromSuspectAddress,
      leaves: {
        kind: 'organization_member',
        id: ['user_id'],
        remove: 'take the member {id} out of the organisation (Dashboard > Organizations)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'a member added with the leaked client',
      entries: [write('post', '/organizations/org_Abcdefghijklmnop/members', {status: 204, body: {members: ['auth0|planted']}})],
    },
    near_miss: {
      what: 'a user accepts an invitation, and an administrator renames the organisation',
      entries: [
        entry('organization_member_added', 10, {client_id: EXAMPLE.other, ip: '192.0.2.77', user_id: 'auth0|1'}),
        byAdmin('patch', '/organizations/org_Abcdefghijklmnop', {minute: 11, body: {display_name: 'Globex'}}),
      ],
    },
  },
}
