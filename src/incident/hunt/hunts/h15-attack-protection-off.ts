import {byAdmin, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ATTACK_PROTECTION} from '../requests.ts'

export const attackProtectionOff: Hunt = {
  id: 'H15',
  title: 'Attack protection switched off',
  question: 'Can passwords be tried without being blocked now?',
  meaning:
    'Brute-force protection, throttling of suspicious addresses, breached passwords, bot detection: switched off, or left without the shield that blocks.',
  weight: 'act',
  source: "Auth0's detections attack_protection_features_turned_off, bot_detection_turned_off, *_settings_manipulated",
  detections: [
    {
      events: ['sapi'],
      where: {
        all: [
          ATTACK_PROTECTION.asked,
          {
            any: [
              {field: 'details.request.body.enabled', is: [false]},
              {field: 'details.response.body.enabled', is: [false]},
              {field: 'details.request.body.policy', is: ['off']},
              {field: 'details.request.body.bot_detection_level', is: ['low']},
              {field: 'details.request.body.monitoring_mode_enabled', is: [true]},
              {
                all: [
                  {field: 'details.request.body.shields', exists: true},
                  {not: {field: 'details.request.body.shields', is: ['block']}},
                ],
              },
            ],
          },
        ],
      },
      leaves: {
        kind: 'attack_protection',
        in_path: ATTACK_PROTECTION.in_path,
        remove: '{id}: switch it on again (Dashboard > Security > Attack Protection)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'brute-force protection without its block',
      entries: [
        write('patch', '/attack-protection/brute-force-protection', {
          description: 'Update Brute-force settings',
          body: {enabled: true, shields: ['user_notification']},
          response: {enabled: true, shields: ['user_notification']},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator lowers the number of attempts',
      entries: [
        byAdmin('patch', '/attack-protection/brute-force-protection', {
          description: 'Update Brute-force settings',
          body: {enabled: true, shields: ['block', 'user_notification'], max_attempts: 5},
          response: {enabled: true, shields: ['block', 'user_notification'], max_attempts: 5},
        }),
      ],
    },
  },
}
