import {deepEqual, equal, ok} from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'

import {observe} from '../../src/execution/observe.ts'
import type {Consumer} from '../../src/incident/consumers.ts'
import {DEFAULT_CHOICES} from '../../src/incident/policy.ts'
import {planLines} from '../../src/report/plan-screen.ts'
import {compilePlan} from '../../src/runbooks/compile.ts'
import {loadRunbook} from '../../src/runbooks/load.ts'
import {trailFolder} from '../../src/trail/trail-folder.ts'
import {connectTo, respond, scene} from '../support/incident.ts'
import {ROOT} from '../support/tree.ts'

const SERVICE = '198.51.100.7'
const ATTACKER = '203.0.113.66'

const of = (consumers: readonly Consumer[] | undefined, ip: string) => consumers?.find((one) => one.ip === ip)

test('who will break is known before anything is done, who moved and who fails afterwards', async (t) => {
  const at = await scene(t)
  at.tenant.clock.advance(600)

  const look = await at.respond('--dry-run', '--keep-grants')
  equal(look.code, 0, look.stderr)
  const before = look.document.exposure.consumers
  const service = of(before, SERVICE)
  equal(service?.standing, 'waiting')
  equal(service?.audiences.length, 3)
  ok(service?.next_needed_at !== undefined && Date.parse(service.next_needed_at) > at.tenant.clock.now() * 1000)
  equal(at.tenant.changes().length, 0)

  const {result} = await respond(t, at, {choices: {keep_grants: true}})
  equal(result.status, 'contained')
  const incident = String(result.incident_id)
  const folder = trailFolder(path.join(at.home.data, 'trail-sim'))
  const records = [...folder.records({inc: incident})]
  const written = records.filter((one) => one['action'] === 'consumers')
  equal(written.length, 2)
  const first = records.find((one) => one.kind === 'intent' && String(one['action']).startsWith('client_'))
  ok((written[0]?.seq ?? 0) < (first?.seq ?? 0), 'the first of them before the first change')
  for (const record of written) {
    const blob = JSON.parse(String(folder.getEvidence(String(record['evidence'])))) as {
      computed_at: string
      consumers: Consumer[]
    }
    deepEqual(Object.keys(blob), ['computed_at', 'consumers'])
    ok(of(blob.consumers, SERVICE))
  }

  at.tenant.deploy(at.client_id, at.tenant.secretOf(at.client_id))
  at.tenant.clock.advance(2 * 3600)
  const later = await at.run(['exposure', '--client', at.client_id])
  const {consumers} = later.json() as {consumers: Consumer[]}
  equal(of(consumers, SERVICE)?.standing, 'moved')
  equal(of(consumers, ATTACKER)?.standing, 'failing')
  ok(
    consumers.every((one) => !String(one.user_agent).startsWith('stanch/')),
    'our own probes are nobody who uses it',
  )

  const shown = await at.run(['incident', 'show', incident])
  const {consumers: recorded} = shown.json() as {consumers: {consumers: Consumer[]}}
  ok(of(recorded.consumers, SERVICE))
})

test('the plan screen says who breaks and when, in at most three lines', async (t) => {
  const at = await scene(t)
  at.tenant.clock.advance(600)
  const connected = await connectTo(t, at)
  const snapshot = await observe(connected.tenant, at.client_id, 'sim', connected.clock)
  const plan = compilePlan(await loadRunbook('client-secret', path.join(ROOT, 'runbooks')), {snapshot}, DEFAULT_CHOICES)
  const lines = planLines(plan, {snapshot}, DEFAULT_CHOICES)
  const from = lines.findIndex((line) => line.includes('refused at its next token request: 2 caller(s)'))
  ok(from > 0, lines.join('\n'))
  ok(
    lines.slice(from + 1, from + 3).every((line) => /^    (in|due now)\b/.test(line)),
    lines.join('\n'),
  )
  ok(lines.length <= 18, `${lines.length} lines`)
  ok(lines.slice(from + 1, from + 3).some((line) => line.includes(SERVICE)))
})
