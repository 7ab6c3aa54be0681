import {byAdmin, entry, EXAMPLE, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {request, WRITES} from '../requests.ts'

export const keysTouched: Hunt = {
  id: 'H21',
  title: 'Signing or encryption keys touched',
  question: 'Were keys of the tenant rotated, revoked, imported or handed in?',
  meaning:
    'A key of the attacker signs tokens that every API believes; a revoked key breaks every API that pins it. Auth0 rotates encryption keys on its own, too: those entries have no client.',
  weight: 'act',
  source: 'log schemas sapi and kms_*',
  detections: [
    {
      events: ['sapi'],
      where: request(WRITES, 'keys/.+'),
      leaves: {
        kind: 'keys',
        in_path: '^/api/v2/(keys/[^?]+)',
        remove: 'check the keys of the tenant, rotate what may be known: {id} (Dashboard > Settings > Signing Keys)',
      },
    },
    {
      events: ['kms_key_management_success', 'kms_key_state_changed'],
      where: {field: 'client_id', exists: true},
    },
  ],
  examples: {
    hit: {
      what: 'the signing key rotated with the leaked client',
      entries: [write('post', '/keys/signing/rotate', {description: 'Rotate the Application Signing Key', status: 201})],
    },
    near_miss: {
      what: "Auth0's own key rotation, and an administrator who gives a client a key",
      entries: [
        entry('kms_key_state_changed', 10, {user_agent: 'Other 0.0.0 / Other 0.0.0'}),
        byAdmin('patch', `/clients/${EXAMPLE.other}`, {minute: 12, body: {name: 'keys/signing'}}),
      ],
    },
  },
}
