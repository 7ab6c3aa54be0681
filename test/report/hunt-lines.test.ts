import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import type {Finding, HuntResult} from '../../src/incident/hunt/findings.ts'
import {huntLines, huntParts, HUNT_SCREEN} from '../../src/report/hunt-lines.ts'
import {layOut} from '../../src/terminal/screen.ts'

const ABOUT = {tenant: 'acme.eu.auth0.com', simulated: false}
const CLIENT = 'Pl1Planted2Client3By4Attacker5Xx'

function result(removals: readonly string[], findings = 20): HuntResult {
  const finding = (index: number): Finding => ({
    hunt: 'H9',
    verdict: 'hostile',
    because: 'x',
    what: `New clients: POST /api/v2/clients (client ${CLIENT})`,
    at: '2026-11-20T21:15:00.000Z',
    last_at: '2026-11-20T21:15:00.000Z',
    ip: '203.0.113.19',
    count: index + 1,
    log_ids: [`900${index}`],
  })
  return {
    computed_at: '2026-11-22T05:00:00Z',
    client_ids: [CLIENT],
    clients: [{client_id: CLIENT, how: 'leaked'}],
    suspects: {ips: ['203.0.113.19'], fingerprints: [], user_agents: [], jtis: []},
    findings: Array.from({length: findings}, (_, index) => finding(index)),
    inventory: removals.map((remove, index) => ({id: `H9:client:${index}`, what: 'x', hunt: 'H9', remove, log_ids: []})),
    not_seen: Array.from({length: 10}, () => ({
      what: 'reads of the Management API that returned no secret',
      why: 'y '.repeat(60),
    })),
    entries: 366,
    rounds: 3,
  } as unknown as HuntResult
}

describe('a hunt in words', () => {
  test('a command stands whole in a line of its own', () => {
    const command = `stanch grant delete --client ${CLIENT} --grant cgr_QZZSOfSjDLU6kIZY`
    const {acts} = huntParts(result([`delete the client grant cgr_QZZSOfSjDLU6kIZY: ${command}`]), ABOUT)
    deepEqual(acts.slice(0, 3), ['To remove (1):', '- delete the client grant cgr_QZZSOfSjDLU6kIZY:', `  ${command}`])
    ok(layOut(acts, 60).includes(`  ${command}`))
  })

  for (const text of [
    "delete the user 'auth0|x: stanch grant delete --all' (Dashboard)",
    "delete the user 'auth0|x': stanch grant delete --all",
    'replace every secret that this answer holds: log-streams (for clients: stanch secret rotate, one by one)',
    'stanch grant delete --all',
  ])
    test(`no command is made of ${text}`, () => {
      deepEqual(huntParts(result([text]), ABOUT).acts.slice(1, 2), [`- ${text}`])
    })

  test('on a screen of 80x24 the counts, the worst findings and whole acts stand together; what is left out is counted', () => {
    const removals = Array.from(
      {length: 9},
      () => `delete the client grant cgr_A: stanch grant delete --client ${CLIENT} --grant cgr_A`,
    )
    const {rows, acts} = huntParts(result(removals), ABOUT, HUNT_SCREEN)
    ok(rows.length + layOut(acts, 80).length <= 23)
    ok(rows.includes('... and 16 more: --json'))
    ok(acts.includes('... and 5 more: --json'))
    ok(acts.includes('... and 9 more that cannot be seen: --json'))
  })

  test('where there is no screen nothing of this is left out', () => {
    const lines = huntLines(result(['a', 'b', 'c', 'd', 'e', 'f']), ABOUT)
    equal(lines.filter((line) => line.startsWith('HOSTILE')).length, 20)
    equal(lines.filter((line) => line.startsWith('- ')).length, 6)
    ok(!lines.some((line) => line.includes('--json')))
  })
})
