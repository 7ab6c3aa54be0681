import {entry, EXAMPLE} from '../examples.ts'
import type {Hunt} from '../hunt.ts'

const ferrt = (minute: number, user: string) =>
  entry('ferrt', minute, {
    description: 'Unsuccessful Refresh Token exchange, reused refresh token detected',
    client_id: EXAMPLE.other,
    ip: '192.0.2.77',
    user_id: user,
    details: {familyId: 'fam-1', tokenCounter: 3},
  })

const exchange = (minute: number, ip: string) =>
  entry('sertft', minute, {client_id: EXAMPLE.other, ip, user_id: 'auth0|1', details: {familyId: 'fam-2'}})

export const refreshTokensStolen: Hunt = {
  id: 'H24',
  title: 'Refresh tokens stolen',
  question: 'Is a refresh token used by two?',
  meaning:
    'Rotating refresh tokens that come again, one whose number is behind the newest of its family, or a family that is used from many addresses or by several programs. Applications that cache badly and users on the move do that, too. Tokens that do not rotate have no family and no number: a stolen one is not told from its owner here.',
  weight: 'note',
  group: 'user',
  source:
    "Auth0's detections refresh_token_reuse, refresh_token_from_too_many_locations; family and counter as its log schemas name them",
  detections: [
    // A family goes up by one with each exchange: who comes with a lower number has a copy from before.
    {events: ['sertft', 'fertft', 'ferrt'], behind: {by: 'details.familyId', counter: 'details.tokenCounter'}},
    {events: ['ferrt'], at_least: {count: 3, within_seconds: 3600, by: 'user_id'}},
    {
      events: ['seacft', 'sertft'],
      where: {field: 'details.familyId', exists: true},
      at_least: {count: 4, within_seconds: 86_400, by: 'details.familyId', distinct: 'ip'},
    },
    {
      events: ['seacft', 'sertft'],
      where: {field: 'details.familyId', exists: true},
      at_least: {count: 3, within_seconds: 86_400, by: 'details.familyId', distinct: 'user_agent'},
    },
  ],
  examples: {
    hit: {
      what: 'a refresh token of one user reused three times',
      entries: [ferrt(10, 'auth0|1'), ferrt(20, 'auth0|1'), ferrt(30, 'auth0|1')],
    },
    near_miss: {
      what: 'reuse by three users, one each, and one family from three addresses',
      entries: [
        ferrt(10, 'auth0|1'),
        ferrt(20, 'auth0|2'),
        ferrt(30, 'auth0|3'),
        exchange(40, '192.0.2.1'),
        exchange(41, '192.0.2.2'),
        exchange(42, '192.0.2.3'),
      ],
    },
  },
}
