import {deepEqual, equal, match} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {describe, test} from 'node:test'

import type {Exposure} from '../../src/incident/exposure.ts'
import {inventoryItems} from '../../src/incident/inventory.ts'
import type {IncidentState, Operation, Proof} from '../../src/incident/replay.ts'
import {responseTimes} from '../../src/incident/response-times.ts'
import type {TokenPath} from '../../src/incident/token-paths.ts'
import {confirmedIncident} from '../support/incident-state.ts'

const STATE = confirmedIncident()

const path = (more: Partial<TokenPath> = {}): TokenPath => ({
  id: 'client:https://api.example/:secret:client_grant:cgr_1',
  audience: 'https://api.example/',
  subject: 'client',
  via: 'client_grant',
  credential: 'secret',
  grant_types: ['client_credentials'],
  without_organization: true,
  organizations: [],
  scopes: [],
  open: true,
  why: 'a grant stands',
  closes: 'stanch grant delete --client app1 --grant cgr_1',
  ...more,
})

const proof = (more: Partial<Proof> = {}): Proof => ({
  claim: 'old_secret_refused',
  verdict: 'proven',
  probes: 3,
  first_at: '2026-11-22T03:02:00Z',
  last_at: '2026-11-22T03:03:00Z',
  basis: 'x',
  ...more,
})

const operation = (action: string, more: Partial<Operation> = {}): Operation => ({
  op: 'op-1',
  try: 1,
  action,
  target: 'client:app1',
  correlation_id: 'stanch-1',
  seq: 5,
  at: '2026-11-22T03:01:00.000Z',
  result: 'ok',
  ...more,
})

const items = (facts: Partial<Parameters<typeof inventoryItems>[0]>) =>
  inventoryItems({state: STATE, removed: new Set(), ...facts}).map(({item}) => item)

const EXPOSURE: Exposure = {
  client_id: 'app1',
  computed_at: '2026-11-22T03:05:00Z',
  audiences: ['03:02:10', '03:02:20'].map((at, n) => ({
    audience: `https://api${n}.example/`,
    name: 'x',
    contained_at: `2026-11-22T${at}Z`,
    token_lifetime_seconds: 3600,
    lifetime_source: 'tenant' as const,
    paths: [],
    tokens: [],
    worst_case_until: '2026-11-22T04:03:20Z',
  })),
  all_clear: {state: 'open', worst_case_at: '2026-11-22T04:03:20Z', basis: 'x'},
  evidence_gaps: [],
}

describe('the inventory of an incident', () => {
  test('a way to a token that what leaked opens is an item; a dead secret opens none, its successor neither', () => {
    deepEqual(items({paths: [path()]}), ['path.client:https://api.example/:secret:client_grant:cgr_1'])
    deepEqual(items({paths: [path({open: false})]}), [])
    deepEqual(items({paths: [path({credential: 'none'})]}), [])
    const dead = {...STATE, proofs: [proof()]}
    deepEqual(items({state: dead, paths: [path(), path({credential: 'new_secret'})]}), [])
    deepEqual(items({state: {...STATE, proofs: [proof({verdict: 'not_proven'})]}, paths: [path()]}).length, 1)
    deepEqual(items({state: dead, paths: [path({credential: 'key', id: 'k'})]}), ['path.k'])
  })

  test('a token that could not read the secret opens nothing beside itself', () => {
    const token = {...STATE, leak: 'management-token'}
    deepEqual(items({state: token, paths: [path()]}), [])
    deepEqual(items({state: {...token, operations: [operation('client_secret.rotate')]}, paths: [path()]}).length, 1)
  })

  test('what a hunt found is open until it is signed off', () => {
    const hunt = {
      inventory: [
        {
          id: 'H10:client:abc',
          what: 'an application that the attacker made',
          hunt: 'H10',
          remove: 'delete it in the Dashboard',
          log_ids: ['9001'],
        },
      ],
    }
    deepEqual(items({hunt}), ['hunt.H10:client:abc'])
    deepEqual(items({hunt, removed: new Set(['hunt.H10:client:abc'])}), [])
    match(
      inventoryItems({state: STATE, removed: new Set(), hunt})[0]?.how ?? '',
      /incident update inc-20261122-k7m2xq --done hunt\.H10:client:abc/,
    )
  })

  test('an id that an attacker chose runs nothing when the command with it is pasted', () => {
    for (const id of ['H23:user:auth0|reboot', "H23:user:auth0|a'b", 'H23:user:auth0|$(id)', 'H23:user:auth0|`id`;id&id>x\n#']) {
      const hunt = {inventory: [{id, what: 'a user', hunt: 'H23', remove: 'delete it', log_ids: []}]}
      const how = inventoryItems({state: STATE, removed: new Set(), hunt})[0]?.how ?? ''
      const pasted = how.slice(how.indexOf('--done ') + '--done '.length)
      const shell = spawnSync('/bin/sh', ['-c', `printf '%s\n' ${pasted}`], {encoding: 'utf8', env: {PATH: ''}})
      deepEqual([shell.stdout, shell.stderr], [`hunt.${id}\n`, ''])
    }
  })

  test('a secret that was not handed over is an item until a later delivery worked', () => {
    const failed = {op: 'op-1', sink: 'file:/x', result: 'failed' as const, at: '2026-11-22T03:01:00Z'}
    deepEqual(items({state: {...STATE, deliveries: [failed]}}), ['delivery'])
    deepEqual(items({state: {...STATE, deliveries: [failed, {...failed, result: 'ok'}]}}), [])
  })

  test('an alarm of the watch is an item until containment is proven after it', () => {
    const at = Date.parse(EXPOSURE.computed_at) / 1000
    deepEqual(items({alarm_at: at + 1, exposure: EXPOSURE}), ['watch'])
    deepEqual(items({alarm_at: at, exposure: EXPOSURE}), ['watch'])
    deepEqual(items({alarm_at: at - 30, exposure: EXPOSURE}), ['watch'], 'it came in the middle of the proof')
    deepEqual(items({alarm_at: at - 31, exposure: EXPOSURE}), [])
    deepEqual(items({alarm_at: at - 31}), ['watch'])
  })
})

describe('response times', () => {
  const state: IncidentState = {
    ...STATE,
    aware_at: '2026-11-22T02:50:00Z',
    leaked_at: '2026-11-22T01:00:00Z',
    operations: [
      operation('client_secret.read'),
      operation('client_grant.delete', {result: 'refused'}),
      operation('client_grant.delete', {date: Date.parse('2026-11-22T03:01:30Z') / 1000}),
    ],
    proofs: [proof(), proof({claim: 'new_tokens_refused', last_at: '2026-11-22T03:03:30Z'})],
  }

  test('each moment comes from the record, each span from two moments', () => {
    const {moments, spans} = responseTimes(state, EXPOSURE)
    deepEqual(moments, {
      leaked: '2026-11-22T01:00:00Z',
      aware: '2026-11-22T02:50:00Z',
      opened: '2026-11-22T03:00:00.000Z',
      first_act: '2026-11-22T03:01:30Z',
      contained: '2026-11-22T03:02:20Z',
      proven: '2026-11-22T03:03:30Z',
      all_clear: '2026-11-22T04:03:20Z',
    })
    deepEqual(
      spans.map(({from, to, seconds}) => [from, to, seconds]),
      [
        ['leaked', 'contained', 7340],
        ['aware', 'first_act', 690],
        ['aware', 'contained', 740],
        ['opened', 'first_act', 90],
        ['opened', 'contained', 140],
        ['opened', 'proven', 210],
        ['contained', 'all_clear', 3660],
      ],
    )
  })

  test('what is not known is absent: one API that is open, one claim that is not proven, no word of when', () => {
    const [first, ...rest] = EXPOSURE.audiences
    const {contained_at: _contained, ...open} = first!
    const {aware_at: _aware, ...silent} = state
    const {moments, spans} = responseTimes(
      {...silent, leaked_at: 'unknown', proofs: [proof({verdict: 'failed'})]},
      {...EXPOSURE, audiences: [open, ...rest]},
    )
    deepEqual(Object.keys(moments), ['opened', 'first_act'])
    deepEqual(
      spans.map(({to}) => to),
      ['first_act'],
    )
    deepEqual(Object.keys(responseTimes(STATE, undefined).moments), ['opened'])
  })

  test('a leak that is said to be after containment makes no negative time', () => {
    equal(responseTimes({...state, leaked_at: '2026-11-22T09:00:00Z'}, EXPOSURE).spans[0]?.seconds, 0)
  })
})
