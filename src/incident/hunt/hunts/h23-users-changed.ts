import {byAdmin, entry, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {fromSuspectAddress, ID, request} from '../requests.ts'

const USER = 'Dashboard > User Management'

export const usersChanged: Hunt = {
  id: 'H23',
  title: 'Users made or changed to come back later',
  question: 'Does the attacker have accounts, passwords, roles or factors of users?',
  meaning:
    'A user of his own, a password or e-mail address that he set, a role, a factor removed or enrolled: ways back in that do not need the leaked credential. Provisioning services do the same every day from their own address.',
  weight: 'act',
  source: "log schemas sapi, scp, sce, gd_*; Auth0's two detections on enrolments",
  detections: [
    {
      events: ['sapi'],
      where: request(['post'], 'users'),
      leaves: {
        kind: 'user',
        id: ['details.response.body.user_id'],
        remove: `delete or block the user {id} (${USER})`,
        path: '/api/v2/users/{id}',
      },
    },
    {
      events: ['sapi'],
      where: {
        all: [
          request(['patch'], `users/${ID}`),
          {
            any: [
              {field: 'details.request.body.password', exists: true},
              {field: 'details.request.body.email', exists: true},
              {field: 'details.request.body.phone_number', exists: true},
              {field: 'details.request.body.blocked', is: [false]},
            ],
          },
        ],
      },
      leaves: {
        kind: 'user_account',
        in_path: `^/api/v2/users/${ID}$`,
        remove: `set e-mail and password of the user {id} back, end the sessions (${USER})`,
      },
    },
    {
      events: ['sapi'],
      where: {
        any: [
          request(['post'], `users/${ID}/(roles|permissions)`),
          request(['post'], `roles/${ID}/(users|permissions)`),
          request(['post'], `organizations/${ID}/members/${ID}/roles`),
        ],
      },
      leaves: {
        kind: 'roles',
        in_path: '^/api/v2/([^?]+)',
        remove: `take roles and permissions back: {id} (${USER} > Roles)`,
      },
    },
    {
      events: ['sapi'],
      where: {
        any: [
          request(['delete'], `users/${ID}/(authenticators|multifactor/${ID}|authentication-methods(/.+)?)`),
          request(['post', 'put', 'patch'], `users/${ID}/authentication-methods(/.+)?`),
          request(['post'], `users/${ID}/(identities|recovery-code-regeneration)`),
          request(['post'], '(tickets/password-change|guardian/enrollments/ticket|tickets/email-verification)'),
          request(['delete'], `guardian/enrollments/${ID}`),
        ],
      },
      leaves: {
        kind: 'user_factors',
        id: ['details.request.body.user_id'],
        in_path: '^/api/v2/([^?]+)',
        remove: `check factors, linked identities and password of the user: {id} (${USER})`,
      },
    },
    {
      events: [
        'scp',
        'sce',
        'scpn',
        'scu',
        'gd_unenroll',
        'gd_enrollment_complete',
        'my_account_authentication_method_succeeded',
      ],
      where: fromSuspectAddress,
      leaves: {
        kind: 'user_account',
        id: ['user_id'],
        remove: `give the user {id} back to its owner: password, e-mail, factors (${USER})`,
      },
    },
    {
      events: ['gd_enrollment_complete'],
      where: {field: 'details.authenticator.phone_number', exists: true},
      at_least: {
        count: 2,
        within_seconds: 30 * 86_400,
        by: 'details.authenticator.phone_number',
        distinct: 'user_id',
      },
    },
  ],
  examples: {
    hit: {
      what: 'a user made with the leaked client',
      entries: [
        write('post', '/users', {
          description: 'Create a User',
          status: 201,
          body: {email: 'backdoor@mail.example', connection: 'Username-Password-Authentication'},
          response: {user_id: 'auth0|planted0000000000000001'},
        }),
      ],
    },
    near_miss: {
      what: "a user's metadata changed, a password changed by its owner, a phone enrolled by one user twice",
      entries: [
        byAdmin('patch', '/users/auth0%7C1', {minute: 10, body: {user_metadata: {theme: 'dark'}}}),
        entry('scp', 11, {client_id: EXAMPLE.other, ip: '192.0.2.77', user_id: 'auth0|1'}),
        entry('gd_enrollment_complete', 12, {
          ip: '192.0.2.77',
          user_id: 'auth0|1',
          details: {authenticator: {phone_number: 'XXXX4711'}},
        }),
        entry('gd_enrollment_complete', 13, {
          ip: '192.0.2.77',
          user_id: 'auth0|1',
          details: {authenticator: {phone_number: 'XXXX4711'}},
        }),
      ],
    },
  },
}
