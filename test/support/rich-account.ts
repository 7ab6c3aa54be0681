import type {Account} from '../../src/report/account.ts'
import {accountOf, BLOBS, FULL, INC, SHA} from './account.ts'
import type {Loose} from './account.ts'

const observed = (action: string, blob: string): Loose => ({
  kind: 'observe',
  inc: INC,
  iseq: 90,
  action,
  finding: 'x',
  target: 'client:AbC',
  evidence: SHA(blob),
})

/** What the other rooms find out, with people and places in it. */
export const LOG = [
  {
    log_id: '900-1',
    date: '2026-11-22T02:10:00.000Z',
    type: 'sapi',
    description: 'Update a user',
    client_id: 'AbC',
    ip: '203.0.113.77',
    details: {request: {method: 'patch', path: '/api/v2/users/auth0|mallory'}},
  },
  {
    log_id: '900-2',
    date: '2026-11-22T03:10:00.000Z',
    type: 'feccft',
    description: 'Unauthorized',
    client_id: 'AbC',
    ip: '2001:db8::77',
  },
  {log_id: '900-3', date: '2026-11-22T03:11:00.000Z', type: 'sapi', description: 'of another client', client_id: 'Other'},
]
const HUNT = {
  computed_at: '2026-11-22T03:30:00Z',
  client_ids: ['AbC', 'NeighbourClient'],
  suspects: {ips: ['203.0.113.77'], fingerprints: ['t13d1516h2'], user_agents: ['curl 8'], jtis: []},
  findings: [
    {
      hunt: 'H5',
      verdict: 'hostile',
      what: 'changed the user victor@corp.example from 203.0.113.77',
      at: '2026-11-22T02:10:00Z',
      log_ids: ['900-1'],
      ip: '203.0.113.77',
      remove: 'look at the user',
    },
  ],
  inventory: [{id: 'H5:user:x', what: 'user of NeighbourClient', hunt: 'H5', remove: 'reset', log_ids: ['900-1']}],
  not_seen: [{what: 'reads without secrets', why: 'Auth0 does not log them'}],
  entries: 3,
}
const CONSUMERS = {
  computed_at: '2026-11-22T03:30:00Z',
  consumers: [
    {
      audiences: ['https://api.example/'],
      ip: '198.51.100.20',
      user_agent: 'node',
      first_at: '2026-11-21T00:00:00Z',
      last_at: '2026-11-22T03:20:00Z',
      issuances: 30,
      rhythm_seconds: 3600,
      next_needed_at: '2026-11-22T04:20:00Z',
      standing: 'moved',
    },
  ],
}
const ASSESS = {
  computed_at: '2026-11-22T02:55:00Z',
  before: [
    {
      id: 'a',
      audience: 'https://api.example/',
      subject: 'client',
      via: 'client_grant',
      credential: 'secret',
      open: true,
      why: 'it has a grant',
      closes: 'delete it',
    },
  ],
  after: [
    {
      id: 'a',
      audience: 'https://api.example/',
      subject: 'client',
      via: 'client_grant',
      credential: 'secret',
      open: false,
      why: 'the grant is gone',
    },
  ],
}
export const RICH: readonly Loose[] = [
  ...FULL.slice(0, -1),
  observed('hunt', '3'),
  observed('consumers', '4'),
  observed('assess', '5'),
  {
    kind: 'observe',
    inc: INC,
    iseq: 91,
    action: 'watch',
    finding: 'the old secret was tried from 203.0.113.77',
    verdict: 'tripwire',
  },
  {kind: 'note', inc: INC, iseq: 92, text: 'Quentin Smith called from the data centre'},
  ...FULL.slice(-1),
]
export const blob = (sha256: string): string | undefined =>
  ({
    ...BLOBS,
    [SHA('e')]: LOG.map((one) => JSON.stringify(one)).join('\n'),
    [SHA('3')]: JSON.stringify(HUNT),
    [SHA('4')]: JSON.stringify(CONSUMERS),
    [SHA('5')]: JSON.stringify(ASSESS),
  })[sha256]
export const rich = () => accountOf(RICH, {blob})

/** The same incident with `text` wherever somebody else chose one: in records, in the log and in what was found out. */
export function hostileAccount(text: string): Account {
  const change = (one: Loose): Loose =>
    one.kind === 'log.open' || one.kind === 'exposure'
      ? one
      : (Object.fromEntries(
          Object.entries(one).map(([name, value]) => [
            name,
            ['title', 'what', 'why', 'finding', 'text', 'sink', 'by', 'question', 'cause', 'summary', 'ticket'].includes(name) &&
            typeof value === 'string'
              ? text
              : value,
          ]),
        ) as Loose)
  const evil = (json: string | undefined) =>
    json?.replaceAll(
      /"(name|what|description|user_agent|why|closes|remove)":"[^"]*"/g,
      (_, name: string) => `"${name}":${JSON.stringify(text)}`,
    )
  return accountOf(RICH.map(change), {blob: (sha256) => evil(blob(sha256))})
}
