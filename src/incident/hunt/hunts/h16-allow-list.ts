import {byAdmin, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ATTACK_PROTECTION} from '../requests.ts'

export const allowList: Hunt = {
  id: 'H16',
  title: 'Address put on an allow list',
  question: 'Which addresses are no longer checked?',
  meaning: 'Addresses on an allow list of attack protection are never throttled or blocked.',
  weight: 'act',
  source: "Auth0's detection unrecognized_ip_in_allowlist",
  detections: [
    {
      events: ['sapi'],
      where: {
        all: [
          ATTACK_PROTECTION.asked,
          {
            any: [
              {field: 'details.request.body.allowlist', beyond: 'known_allowlist'},
              {field: 'details.request.body.stage.pre-login.allowlist', beyond: 'known_allowlist'},
            ],
          },
        ],
      },
      leaves: {
        kind: 'allow_list',
        in_path: ATTACK_PROTECTION.in_path,
        remove: 'take the address off the allow list of {id} (Dashboard > Security > Attack Protection)',
      },
    },
  ],
  examples: {
    hit: {
      what: "the attacker's address is let through",
      entries: [
        write('patch', '/attack-protection/suspicious-ip-throttling', {
          description: 'Update Suspicious IP Throttling settings',
          body: {enabled: true, allowlist: ['203.0.113.66']},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator empties the list',
      entries: [
        byAdmin('patch', '/attack-protection/suspicious-ip-throttling', {
          description: 'Update Suspicious IP Throttling settings',
          body: {enabled: true, allowlist: []},
        }),
      ],
    },
  },
}
