import {byAdmin} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

const INVITED = 'Create tenant invitations for a given client'
const REMOVED = 'Delete tenant member'

export const adminTakeover: Hunt = {
  id: 'H13',
  title: 'Administrators invited or thrown out',
  question: 'Is somebody taking the tenant over?',
  meaning:
    'An owner invited, often with a private mail address, then other administrators removed within minutes. With Auth0 Teams these entries are not in the tenant log at all: look at the Team activity.',
  weight: 'act',
  source: "Auth0's detection risk_of_tenant_takeover",
  detections: [
    {
      events: ['sapi'],
      where: {
        all: [
          {field: 'description', is: [INVITED]},
          {field: 'details.request.body.roles', is: ['owner']},
        ],
      },
      leaves: {
        kind: 'tenant_member',
        id: ['details.request.body.owners'],
        remove: 'withdraw the invitation or remove the administrator {id} (Dashboard > Settings > Tenant Members)',
      },
    },
    {
      events: ['sapi'],
      where: {field: 'description', is: [REMOVED]},
      at_least: {count: 2, within_seconds: 600, by: 'type'},
    },
  ],
  examples: {
    hit: {
      what: 'an owner with a private address is invited',
      entries: [
        byAdmin('post', '/tenants/invitations', {
          description: INVITED,
          body: {owners: ['mallory@mail.example'], roles: ['owner']},
        }),
      ],
    },
    near_miss: {
      what: 'one administrator who left is removed, and one is invited without the role of an owner',
      entries: [
        byAdmin('delete', '/tenants/members/auth0%7C2', {description: REMOVED, minute: 10}),
        byAdmin('post', '/tenants/invitations', {
          description: INVITED,
          minute: 20,
          body: {owners: ['new@acme.example'], roles: ['viewer']},
        }),
      ],
    },
  },
}
