import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {suite, test} from 'node:test'
import type {TestContext} from 'node:test'

import {incidentsOf} from '../../src/execution/record-mapping.ts'
import {inDoubt} from '../../src/incident/replay.ts'
import {OPERATOR_SCOPES} from '../../src/simulator/scenarios/landscape.ts'
import {assertInvariants, assertNoSecrets, assertTrail, gapCodes, outcomes, scene, verdicts} from '../support/incident.ts'
import type {Finished, Scene} from '../support/incident.ts'
import {MAIN} from '../support/run-stanch.ts'
import {ROOT} from '../support/tree.ts'

/** Where the process ends. The first three are decided by the tenant, the others inside the process. */
const AT_THE_TENANT = ['sent, no effect', 'effect, no answer'] as const
const INSIDE = ['before send', 'answer, no delivery', 'answer, no record', 'half a record'] as const
type Moment = (typeof AT_THE_TENANT)[number] | (typeof INSIDE)[number]

type Act = 'client_grant.delete' | 'client_secret.rotate'

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
async function killed(t: TestContext, cell: Cell): Promise<{at: Scene; connection: (reads: boolean) => Readonly<Record<string, string>>}> {
  let child: ChildProcess | undefined
  let fell = false
  const at = await scene(t, {
    watch: async (phase, request) => {
      const here = (cell.moment === 'sent, no effect' && phase === 'arrived') || (cell.moment === 'effect, no answer' && phase === 'effect')
      if (!here || fell || request.operation !== cell.act || !child) return undefined
      fell = true
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      return 'drop'
    },
  })
  const connection = (reads: boolean) => (reads ? at.simulator.connection : at.simulator.withToken(WITHOUT_READ))
  const failpoint = failpointOf(cell, at)
  const words = ['respond', '--leak', 'client-secret', '--client', at.client_id, '--credential-file', at.leak.file]
  child = spawn(process.execPath, ['--import', path.join(ROOT, 'test/support/failpoint.ts'), MAIN, ...words, '--deliver', `file:${at.sink}`, '--reason', 'kill test', '--yes', '--json'], {
    cwd: at.home.folder,
    env: {...at.home.env, ...connection(cell.reads.before), ...(failpoint === undefined ? {} : {STANCH_FAILPOINT: failpoint})},
    stdio: 'ignore',
  })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
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
  return at.run(['resume', '--yes', '--deliver', `file:${at.sink}`, ...(cell.leaked ? ['--credential-file', at.leak.file] : [])], {connection})
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
  for (let round = 0; round < 3; round++) {
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
  assert.ok(at.tenant.count('client_secret.rotate', at.client_id) <= 1, 'rotated twice')
  assert.ok(['contained', 'partial', 'in_doubt'].includes(document.status), document.status)
  const [incident] = incidentsOf(at.records())
  assert.equal(incident?.last_status, document.status, 'the last record and the document agree')
  assert.equal(last.code === 0, document.status === 'contained')
  if (document.status !== 'in_doubt') assert.equal(incident?.operations.some(inDoubt), false, 'something is in doubt still')
  const current = at.tenant.secretOf(at.client_id)
  const delivered = deliveriesOf(at).filter((file) => existsSync(file) && readFileSync(file, 'utf8') === `${current}\n`)
  const says = ['new_secret_unknown', 'not_probed'].some((code) => gapCodes(document).includes(code)) || document.status === 'in_doubt'
  assert.ok(delivered.length > 0 || says, 'the new secret is nowhere, and nobody says so')
  assertNoSecrets(at, runs, deliveriesOf(at))
  return {at, last}
}

function name(cell: Cell): string {
  const reads = cell.reads.before ? (cell.reads.after ? 'reads secrets' : 'resumed by a credential that reads no secrets') : 'reads no secrets'
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
    for (const leaked of [true, false]) {
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
  for (const moment of [...AT_THE_TENANT, ...INSIDE]) {
    for (const leaked of [true, false]) {
      const cell: Cell = {act: 'client_secret.rotate', moment, reads: NONE, leaked}
      test(name(cell), async (t) => {
        const {at, last} = await settle(t, cell)
        console.log(name(cell), last.code, last.document.status, outcomes(last.document, 'client_secret.rotate'), verdicts(last.document), gapCodes(last.document), at.tenant.count('client_secret.rotate', at.client_id), last.document.next.slice(0, 3))
      })
    }
  }
  const cell: Cell = {act: 'client_secret.rotate', moment: 'effect, no answer', reads: {before: true, after: false}, leaked: true}
  test(name(cell), async (t) => {
    const {at, last} = await settle(t, cell)
    console.log(name(cell), last.code, last.document.status, outcomes(last.document, 'client_secret.rotate'), verdicts(last.document), gapCodes(last.document), at.tenant.count('client_secret.rotate', at.client_id), last.document.next.slice(0, 3))
  })
})
