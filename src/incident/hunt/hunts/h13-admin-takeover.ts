import {byAdmin} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

const INVITED = 'Create tenant invitations for a given client'
const REMOVED = 'Delete tenant member'
/** Mail that belongs to a person and to no company; a domain that is missing here is one of a company. */
const PRIVATE_MAIL =
  '(?i:@(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|icloud|me|mac|aol|gmx|web|mail|proton|protonmail|pm|tutanota|tuta|yandex|zoho|fastmail|hey|qq|163|126|foxmail|naver|rediffmail|mailinator|guerrillamail)\\.(?:[a-z]{2,4}\\.)?[a-z]{2,4})$'

const INVITATION = {
  kind: 'tenant_member',
  id: ['details.request.body.owners'],
  remove: 'withdraw the invitation or remove the administrator {id} (Dashboard > Settings > Tenant Members)',
} as const

export const adminTakeover: Hunt = {
  id: 'H13',
  title: 'Administrators invited or thrown out',
  question: 'Is somebody taking the tenant over?',
  meaning:
    'An owner invited, anybody invited with a private mail address, an invitation and a removal within minutes, or several removals. Private mail is known by a list of providers; with Auth0 Teams these entries are not in the tenant log at all: look at the Team activity.',
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
      leaves: INVITATION,
    },
    {
      events: ['sapi'],
      where: {
        all: [
          {field: 'description', is: [INVITED]},
          {field: 'details.request.body.owners', matches: PRIVATE_MAIL},
        ],
      },
      leaves: INVITATION,
    },
    // Somebody comes in, somebody else is thrown out.
    {
      events: ['sapi'],
      where: {field: 'description', is: [INVITED, REMOVED]},
      at_least: {count: 2, within_seconds: 600, by: 'type', distinct: 'description'},
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
          minute: 21,
          body: {owners: ['new@acme.example'], roles: ['viewer']},
        }),
      ],
    },
  },
}
