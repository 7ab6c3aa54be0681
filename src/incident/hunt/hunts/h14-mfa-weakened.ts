import {byAdmin, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, request} from '../requests.ts'

const BACK = 'set it back (Dashboard > Security > Multi-factor Auth)'

export const mfaWeakened: Hunt = {
  id: 'H14',
  title: 'MFA made weaker',
  question: 'Was a factor, the policy or the risk assessment switched off?',
  meaning:
    'Accounts whose passwords are known can then be entered. Some tenants switch the policy off because an Action asks for the factor.',
  weight: 'act',
  source: "Auth0's detections mfa_downgrade_*",
  detections: [
    {
      events: ['sapi'],
      where: {all: [request(['put', 'patch'], `guardian/factors/${ID}`), {field: 'details.request.body.enabled', is: [false]}]},
      leaves: {kind: 'mfa_factor', in_path: `^/api/v2/guardian/factors/${ID}$`, remove: `factor {id}: ${BACK}`},
    },
    {
      events: ['sapi'],
      where: {
        all: [
          request(['put', 'patch'], 'guardian/policies'),
          {not: {field: 'details.response.body', is: ['all-applications', 'confidence-score']}},
        ],
      },
      leaves: {kind: 'mfa_policy', remove: `MFA policy: ${BACK}`},
    },
    {
      events: ['sapi'],
      where: {
        all: [
          {field: 'details.request.path', matches: '^/api/v2/risk-assessments?/'},
          {
            any: [
              {field: 'details.response.body.AfterAuthentication', is: [false]},
              {field: 'details.request.body.AfterAuthentication', is: [false]},
              {field: 'details.request.body.enabled', is: [false]},
            ],
          },
        ],
      },
      leaves: {kind: 'risk_assessment', remove: `risk assessment: ${BACK}`},
    },
  ],
  examples: {
    hit: {
      what: 'security keys switched off',
      entries: [
        write('put', '/guardian/factors/webauthn-roaming', {
          description: 'Update multi-factor authentication type',
          body: {enabled: false},
          response: {enabled: false},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator switches a factor on and sets the policy to always',
      entries: [
        byAdmin('put', '/guardian/factors/webauthn-roaming', {
          description: 'Update multi-factor authentication type',
          minute: 10,
          body: {enabled: true},
          response: {enabled: true},
        }),
        byAdmin('put', '/guardian/policies', {
          description: 'Update multi-factor authentication policies',
          minute: 11,
          body: ['all-applications'],
          response: ['all-applications'],
        }),
      ],
    },
  },
}
