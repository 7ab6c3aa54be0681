import assert from 'node:assert/strict'
import {existsSync, readFileSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import {incidentsOf} from '../../src/execution/record-mapping.ts'
import {canonicalJson} from '../../src/incident/plan.ts'
import {inDoubt} from '../../src/incident/replay.ts'
import {OPERATOR_SCOPES} from '../../src/simulator/scenarios/landscape.ts'
import {
  assertAllClear,
  assertInvariants,
  assertNoSecrets,
  assertTrail,
  gapCodes,
  outcomes,
  scene,
  verdicts,
} from '../support/incident.ts'
import type {Finished, Scene} from '../support/incident.ts'
import {ROOT} from '../support/tree.ts'
import {Victim} from '../support/victim.ts'

/** Where the process ends. The first three are decided by the tenant, the others inside the process. */
const AT_THE_TENANT = ['sent, no effect', 'effect, no answer'] as const
const INSIDE = ['before send', 'answer, no delivery', 'answer, no record', 'half a record'] as const
type Moment = (typeof AT_THE_TENANT)[number] | (typeof INSIDE)[number]

type Act = 'client_grant.delete' | 'client_secret.rotate' | 'client_secret.set'

interface Cell {
  readonly act: Act
  readonly moment: Moment
  /** May the credential of the first run, and of the resume, read secrets? */
  readonly reads: {readonly before: boolean; readonly after: boolean}
  /** Is the leaked value given to `resume`? */
  readonly leaked: boolean
}

const WITHOUT_READ = OPERATOR_SCOPES.filter((scope) => scope !== 'read:client_keys')

/** One run of the built binary that is killed at the moment, on a tenant of its own. */
async function killed(
  t: TestContext,
  cell: Cell,
  more: readonly string[] = [],
): Promise<{at: Scene; connection: (reads: boolean) => Readonly<Record<string, string>>}> {
  const victim = new Victim(
    (phase, request) =>
      request.operation === cell.act &&
      ((cell.moment === 'sent, no effect' && phase === 'arrived') || (cell.moment === 'effect, no answer' && phase === 'effect')),
  )
  const at = await scene(t, {watch: victim.watch})
  const connection = (reads: boolean) => (reads ? at.simulator.connection : at.simulator.withToken(WITHOUT_READ))
  const failpoint = failpointOf(cell, at)
  const words = ['respond', '--leak', 'client-secret', '--client', at.client_id, '--credential-file', at.leak.file]
  const signal = await victim.run(
    at,
    [...words, '--deliver', `file:${at.sink}`, '--reason', 'kill test', '--yes', '--json', ...more],
    {
      env: {...connection(cell.reads.before), ...(failpoint === undefined ? {} : {STANCH_FAILPOINT: failpoint})},
      nodeArgs: ['--import', path.join(ROOT, 'test/support/failpoint.ts')],
    },
  )
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
  return {at, connection}
}

function failpointOf({act, moment}: Cell, at: Scene): string | undefined {
  switch (moment) {
    case 'before send':
      return `after-intent:${act}`
    case 'answer, no record':
      return `before-outcome:${act}`
    case 'half a record':
      return `half-outcome:${act}`
    case 'answer, no delivery':
      return `before-delivery:${at.sink}`
    case 'sent, no effect':
    case 'effect, no answer':
      return undefined
  }
}

async function resumed(at: Scene, cell: Cell, connection: Readonly<Record<string, string>>): Promise<Finished> {
  return at.run(
    ['resume', '--yes', '--deliver', `file:${at.sink}`, ...(cell.leaked ? ['--credential-file', at.leak.file] : [])],
    {connection},
  )
}

/** Every file in which a new secret may be: the sink, and the incident's own folder. */
function deliveriesOf(at: Scene): string[] {
  const folder = path.join(at.home.data, 'incidents')
  const own = existsSync(folder) ? readdirSync(folder, {recursive: true}).map((name) => path.join(folder, String(name))) : []
  return [at.sink, ...own.filter((file) => path.basename(file).startsWith('new-secret-'))]
}

/** The invariants of every cell, whatever was to be seen. */
async function settle(t: TestContext, cell: Cell): Promise<{at: Scene; last: Finished}> {
  const {at, connection} = await killed(t, cell)
  const runs: Finished[] = []
  for (let round = 0; round < 2; round++) {
    const ran = await resumed(at, cell, connection(cell.reads.after))
    if (ran.document.error?.code === 'incident.unknown') break
    runs.push(ran)
    if (ran.document.status === 'contained') break
  }
  const last = runs.at(-1)
  assert.ok(last, 'there was something to resume')
  const {document} = last
  assertTrail(at)
  assertInvariants(document)
  assertAllClear(at, document, 'whenever')
  assert.equal(document.exposure.audiences.length, 3, 'the APIs of grants that are gone count, too')
  assert.equal(
    document.exposure.audiences.some((one) => one.lifetime_source === 'assumed_max'),
    false,
  )
  assert.ok(at.tenant.count('client_secret.rotate', at.client_id) <= 1, 'rotated twice')
  assert.ok(['contained', 'partial', 'in_doubt'].includes(document.status), document.status)
  const [incident] = incidentsOf(at.records())
  assert.equal(incident?.last_status, document.status, 'the last record and the document agree')
  assert.equal(last.code === 0, document.status === 'contained')
  if (document.status !== 'in_doubt') assert.equal(incident?.operations.some(inDoubt), false, 'something is in doubt still')
  const current = at.tenant.secretOf(at.client_id)
  const delivered = deliveriesOf(at).filter((file) => existsSync(file) && readFileSync(file, 'utf8') === `${current}\n`)
  const says =
    ['new_secret_unknown', 'not_probed'].some((code) => gapCodes(document).includes(code)) || document.status === 'in_doubt'
  assert.ok(delivered.length > 0 || says, 'the new secret is nowhere, and nobody says so')
  assertNoSecrets(at, runs, deliveriesOf(at))
  return {at, last}
}

function name(cell: Cell): string {
  const reads = cell.reads.before
    ? cell.reads.after
      ? 'reads secrets'
      : 'resumed by a credential that reads no secrets'
    : 'reads no secrets'
  return `${cell.act}, ${cell.moment}, ${reads}, ${cell.leaked ? 'with' : 'without'} the leaked value`
}

const FULL = {before: true, after: true}
const NONE = {before: false, after: false}

suite('killed at a grant deletion', {concurrency: 2}, () => {
  for (const moment of ['before send', 'sent, no effect', 'effect, no answer', 'answer, no record', 'half a record'] as const) {
    for (const leaked of moment === 'effect, no answer' ? [true, false] : [true]) {
      const cell: Cell = {act: 'client_grant.delete', moment, reads: FULL, leaked}
      test(name(cell), async (t) => {
        const {at, last} = await settle(t, cell)
        assert.equal(last.document.status, 'contained')
        assert.deepEqual(new Set(outcomes(last.document, 'client_grant.delete')), new Set(['done']))
        assert.equal(at.tenant.grants(at.client_id).length, 0)
        assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
        assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
      })
    }
  }
})

suite('killed at a rotation, by a credential that reads secrets', {concurrency: 2}, () => {
  for (const moment of [...AT_THE_TENANT, ...INSIDE]) {
    for (const leaked of moment === 'effect, no answer' ? [true, false] : [true]) {
      const cell: Cell = {act: 'client_secret.rotate', moment, reads: FULL, leaked}
      test(name(cell), async (t) => {
        const {at, last} = await settle(t, cell)
        assert.deepEqual(outcomes(last.document, 'client_secret.rotate'), ['done'])
        assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
        assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
        assert.equal(last.document.delivery?.result, 'ok')
        if (leaked) assert.equal(last.document.status, 'contained')
      })
    }
  }
})

suite('killed at a rotation, by a credential that reads no secrets', {concurrency: 2}, () => {
  for (const moment of ['before send', 'sent, no effect'] as const) {
    const cell: Cell = {act: 'client_secret.rotate', moment, reads: NONE, leaked: true}
    test(`${name(cell)}: the old secret still works, so it is rotated once`, async (t) => {
      const {at, last} = await settle(t, cell)
      assert.equal(last.document.status, 'contained')
      assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
      assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    })
  }
  const written: Cell = {act: 'client_secret.rotate', moment: 'answer, no record', reads: NONE, leaked: true}
  test(`${name(written)}: the secret lies in its file already, and the tenant accepts it`, async (t) => {
    const {at, last} = await settle(t, written)
    assert.equal(last.document.status, 'contained')
    assert.equal(last.document.delivery?.result, 'ok')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
  })
  const effective = ['effect, no answer', 'answer, no delivery'] as const
  for (const moment of effective) {
    const cell: Cell = {act: 'client_secret.rotate', moment, reads: NONE, leaked: true}
    test(`${name(cell)}: it is known to have happened, and that nobody saw the secret`, async (t) => {
      const {at, last} = await settle(t, cell)
      assert.equal(last.code, 6)
      assert.equal(last.document.status, 'partial')
      assert.deepEqual(outcomes(last.document, 'client_secret.rotate'), ['done'])
      assert.equal(verdicts(last.document)['old_secret_refused'], 'proven')
      assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
      assert.ok(gapCodes(last.document).includes('new_secret_unknown'))
      assert.ok(
        last.document.next.some((one) => one.includes('--method set')),
        'the way out is named',
      )
      assert.equal(
        last.document.next.some((one) => one.includes('secret deliver')),
        false,
        'there is nothing to hand over',
      )
    })
  }
  const unsent: Cell = {act: 'client_secret.rotate', moment: 'before send', reads: NONE, leaked: false}
  test(`${name(unsent)}: it stays in doubt, and nothing is sent again`, async (t) => {
    const {at, last} = await settle(t, unsent)
    assert.equal(last.code, 6)
    assert.equal(last.document.status, 'in_doubt')
    assert.deepEqual(outcomes(last.document, 'client_secret.rotate'), ['in_doubt'])
    assert.equal(at.tenant.changes().filter((one) => one.operation === 'client_secret.rotate').length, 0)
    assert.match(last.document.next[0] ?? '', /--credential-file FILE.*read:client_keys/)
    assert.match(last.document.next[1] ?? '', /--method set/)
  })
  const seen: Cell = {act: 'client_secret.rotate', moment: 'effect, no answer', reads: NONE, leaked: false}
  test(`${name(seen)}: the tenant's own log shows it, and that nobody saw the secret is said`, async (t) => {
    const {at, last} = await settle(t, seen)
    assert.equal(last.code, 6)
    assert.equal(last.document.status, 'partial')
    assert.deepEqual(outcomes(last.document, 'client_secret.rotate'), ['done'])
    assert.equal(at.tenant.changes().filter((one) => one.operation === 'client_secret.rotate').length, 1)
    assert.ok(gapCodes(last.document).includes('new_secret_unknown'))
    assert.ok(last.document.next.some((one) => one.includes('--method set')))
  })
  const mixed: Cell = {
    act: 'client_secret.rotate',
    moment: 'effect, no answer',
    reads: {before: true, after: false},
    leaked: true,
  }
  test(name(mixed), async (t) => {
    const {at, last} = await settle(t, mixed)
    assert.equal(last.document.status, 'partial')
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    // Whoever may read secrets closes it: the secret is read and handed over, nothing is changed again.
    const closed = await at.run([
      'resume',
      String(last.document.incident_id),
      '--yes',
      '--deliver',
      `file:${at.sink}`,
      '--credential-file',
      at.leak.file,
    ])
    assert.equal(closed.document.status, 'contained')
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
  })

  test('a person who chooses to sets another secret, once, and only then there are two changes', async (t) => {
    const cell: Cell = {act: 'client_secret.rotate', moment: 'effect, no answer', reads: NONE, leaked: true}
    const {at, last} = await settle(t, cell)
    const id = String(last.document.incident_id)
    const words = [
      'secret',
      'rotate',
      '--client',
      at.client_id,
      '--incident',
      id,
      '--method',
      'set',
      '--deliver',
      `file:${at.sink}`,
      '--credential-file',
      at.leak.file,
      '--yes',
    ]
    const set = await at.run(words, {connection: at.simulator.withToken(WITHOUT_READ)})
    assert.equal(set.document.error, undefined)
    assert.deepEqual(outcomes(set.document, 'client_secret.rotate'), ['done'])
    assert.equal(at.tenant.count('client_secret.rotate', at.client_id), 1)
    assert.equal(at.tenant.count('client_secret.set', at.client_id), 1)
    assert.equal(readFileSync(at.sink, 'utf8'), `${at.tenant.secretOf(at.client_id)}\n`)
    assertTrail(at)
    assertNoSecrets(at, [set], deliveriesOf(at))
  })
})

suite('killed while it is proven', () => {
  test('a probe whose answer nobody saw may have minted a token: it is counted, and the rest is proven', async (t) => {
    const victim = new Victim(
      (phase, request) => phase === 'effect' && request.operation === 'token' && request.correlation_id !== undefined,
    )
    const at = await scene(t, {behaviour: {grant_propagation_seconds: 20}, watch: victim.watch})
    const words = ['--client', at.client_id, '--all', '--credential-file', at.leak.file, '--reason', 'kill test', '--yes']
    assert.equal(await victim.run(at, ['grant', 'delete', ...words]), 'SIGKILL')
    assert.ok(at.tenant.count('token', at.client_id) > 0, 'the scene is of no use: no probe minted')
    const ran = await at.run(['resume', '--yes', '--credential-file', at.leak.file])
    assert.equal(ran.document.status, 'contained', ran.stdout)
    assertAllClear(at, ran.document, 'whenever')
    assertTrail(at)
    assertNoSecrets(at, [ran])
  })
})

suite('killed while grants are given back', {concurrency: 2}, () => {
  const moments: readonly [string, string, 'arrived' | 'effect'][] = [
    ['a grant is sent, no effect', 'client_grant.create', 'arrived'],
    ['a grant is created, no answer', 'client_grant.create', 'effect'],
    ['a grant is back, its organisation is not tied again', 'organization_client_grant.create', 'arrived'],
    ['its organisation is tied, no answer', 'organization_client_grant.create', 'effect'],
  ]
  for (const [title, operation, when] of moments) {
    test(`${title}: resume gives back exactly what was taken`, async (t) => {
      const victim = new Victim((phase, request) => phase === when && request.operation === operation)
      const at = await scene(t, {scenario: 'user-grant', watch: victim.watch})
      const wanted = (grants: readonly Record<string, unknown>[]) =>
        grants.map(({id, ...body}) => JSON.stringify([canonicalJson(body), at.tenant.ties(String(id)).length])).sort()
      const before = wanted(at.tenant.grants(at.client_id))
      const taken = await at.respond()
      assert.equal(taken.document.status, 'contained')
      const words = ['grant', 'restore', '--incident', String(taken.document.incident_id), '--yes']
      assert.equal(await victim.run(at, words), 'SIGKILL')
      const ran = await at.run(['resume', '--yes'])
      assert.equal(ran.document.status, 'restored', ran.stdout)
      assert.equal(ran.code, 0)
      assert.deepEqual(wanted(at.tenant.grants(at.client_id)), before)
      assertTrail(at)
      assertNoSecrets(at, [taken, ran])
    })
  }
})

suite('killed while a self-made secret is set', {concurrency: 2}, () => {
  for (const moment of ['before send', 'effect, no answer', 'answer, no record'] as const) {
    test(`${moment}: the secret in the incident's own file or in the sink is the one in force`, async (t) => {
      const {at, connection} = await killed(t, {act: 'client_secret.set', moment, reads: FULL, leaked: true}, ['--method', 'set'])
      const ran = await at.run(['resume', '--yes', '--deliver', `file:${at.sink}`, '--credential-file', at.leak.file], {
        connection: connection(true),
      })
      assert.equal(ran.document.status, 'contained')
      assert.equal(at.tenant.count('client_secret.set', at.client_id), 1)
      const current = `${at.tenant.secretOf(at.client_id)}\n`
      assert.ok(deliveriesOf(at).some((file) => existsSync(file) && readFileSync(file, 'utf8') === current))
      assertTrail(at)
      assertNoSecrets(at, [ran], deliveriesOf(at))
    })
  }
})
