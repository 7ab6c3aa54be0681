import {byAdmin, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {CHANGES, ID, request} from '../requests.ts'

export const codePlanted: Hunt = {
  id: 'H17',
  title: 'Code planted',
  question: 'Does code of somebody else run in logins or token requests?',
  meaning:
    'Actions, rules, hooks and database scripts see passwords, tokens and profiles, and may add claims. An Action acts once it is deployed and bound to a trigger.',
  weight: 'act',
  source: 'log schema sapi, by path',
  detections: [
    {
      events: ['sapi'],
      where: request(['post', 'patch'], `actions/actions(/${ID})?`),
      leaves: {
        kind: 'action',
        id: ['details.response.body.id'],
        in_path: `^/api/v2/actions/actions/${ID}$`,
        remove: 'unbind and delete the Action {id}, or restore its version from before (Dashboard > Actions > Library)',
        path: '/api/v2/actions/actions/{id}',
      },
    },
    {
      events: ['sapi'],
      where: {
        any: [
          request(['post'], `actions/actions/${ID}/deploy`),
          request(['post'], `actions/actions/${ID}/versions/${ID}/deploy`),
        ],
      },
      leaves: {
        kind: 'action',
        in_path: '^/api/v2/actions/actions/([^/]+)/',
        remove: 'unbind and delete the Action {id}, or restore its version from before (Dashboard > Actions > Library)',
        path: '/api/v2/actions/actions/{id}',
      },
    },
    {
      events: ['sapi'],
      where: request(['patch', 'put'], `actions/triggers/${ID}/bindings`),
      leaves: {
        kind: 'action_binding',
        in_path: `^/api/v2/actions/triggers/${ID}/bindings$`,
        remove: 'set the Actions of trigger {id} back (Dashboard > Actions > Triggers)',
      },
    },
    {
      events: ['sapi'],
      where: request(CHANGES, `(rules|hooks|flows|forms)(/.+)?`),
      leaves: {
        kind: 'code',
        id: ['details.response.body.id'],
        in_path: '^/api/v2/((?:rules|hooks|flows|forms)/[^/?]+)',
        remove: 'delete it or restore its code from before: {id} (Dashboard > Auth Pipeline or Actions > Forms)',
      },
    },
    {
      events: ['sapi'],
      where: {
        all: [
          request(['post', 'patch'], `connections(/${ID})?`),
          {field: 'details.request.body.options.customScripts', exists: true},
        ],
      },
      leaves: {
        kind: 'database_scripts',
        id: ['details.response.body.id'],
        in_path: `^/api/v2/connections/${ID}$`,
        remove: 'restore the database scripts of connection {id} (Dashboard > Authentication > Database)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'an Action deployed with the leaked client',
      entries: [
        write('post', '/actions/actions/5f1b9c2e-0000-4000-8000-000000000001/deploy', {
          description: 'Deploy an Action',
          status: 202,
          response: {id: 'version-1'},
        }),
      ],
    },
    near_miss: {
      what: 'an Action that does not run is deleted, and a connection gets another name',
      entries: [
        byAdmin('delete', '/actions/actions/5f1b9c2e-0000-4000-8000-000000000001', {minute: 10, status: 204}),
        write('patch', '/connections/con_Abcdefghijklmnop', {
          minute: 11,
          client_id: EXAMPLE.other,
          ip: '192.0.2.55',
          body: {display_name: 'Staff'},
        }),
      ],
    },
  },
}
