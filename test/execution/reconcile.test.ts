import {deepEqual, equal, match, ok, rejects} from 'node:assert/strict'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {openTrail} from '../../src/cli/context.ts'
import {reconcileExit, reconcileNow} from '../../src/cli/reconcile.ts'
import type {Reconciled, ReconcileQuestion} from '../../src/cli/reconcile.ts'
import {correlationIdOf, leafOf} from '../../src/trail/format/record.ts'
import {rootOf} from '../support/merkle.ts'
import {connectTo, placeOf, respond, restore, scene} from '../support/incident.ts'
import type {Scene, SceneOptions} from '../support/incident.ts'

type Entry = Record<string, any>

/** No intent is asked for: what somebody does beside stanch has none. */
const OTHERS_MAY_WRITE = {intentOnDisk: undefined} as unknown as SceneOptions

/** An incident that was worked to its end. The tenant takes changes of others, too: they are what is looked for. */
async function worked(t: TestContext, options: SceneOptions = {}): Promise<Scene & {incident: string}> {
  const at = await scene(t, {...OTHERS_MAY_WRITE, ...options})
  const {result} = await respond(t, at)
  equal(result.status, 'contained')
  return {...at, incident: String(result.incident_id)}
}

async function compared(t: TestContext, at: Scene, question: Partial<ReconcileQuestion> = {}): Promise<Reconciled> {
  const connected = await connectTo(t, at)
  return reconcileNow(placeOf(at.home), connected, {wait: true, ...question}, {notify: () => {}}, {requested: false})
}

const codes = (found: Reconciled) =>
  [...new Set(found.findings.map(({code}) => code))].filter((code) => code !== 'OTHER_ACTOR').sort()
const is =
  (type: string, path = '') =>
  (entry: Entry) =>
    entry['type'] === type && String(entry['details']?.request?.path ?? '').includes(path)

/** A token of the responder's own client in the hands of somebody else. */
async function stolenToken(at: Scene): Promise<string> {
  const {client_id, client_secret} = at.simulator.practice.operator
  const answer = await fetch(`${at.simulator.origin}/oauth/token`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id,
      client_secret,
      audience: `${at.simulator.origin}/api/v2/`,
    }),
  })
  return ((await answer.json()) as {access_token: string}).access_token
}

async function call(
  at: Scene,
  token: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const answer = await fetch(`${at.simulator.origin}${path}`, {method, headers: {authorization: `Bearer ${token}`, ...headers}})
  await answer.arrayBuffer()
  return answer.status
}

const innocent = (at: Scene) =>
  String(
    at.tenant
      .clients()
      .find(({client_id}) => client_id !== at.client_id && client_id !== at.simulator.practice.operator.client_id)?.['client_id'],
  )

const grantOf = (at: Scene, client: string) => `/api/v2/client-grants/${String(at.tenant.grants(client)[0]?.['id'])}`

function correlationOf(at: Scene, path: string): string {
  return String(sapi(at, path)['references'].correlation_id)
}

/** The same event again, from inside the tenant. */
function forge(at: Scene, from: Entry, changes: (entry: Entry) => void, atMs?: number): void {
  const {_id, log_id: _log, date, ...event} = structuredClone(from)
  changes(event)
  at.tenant.world.logs.add(event as never, atMs ?? Date.parse(String(date)))
}

const sapi = (at: Scene, path: string): Entry => at.tenant.logs().find((entry) => is('sapi', path)(entry)) as Entry

function receiptOf(at: Scene, anchor: Entry | undefined): {log_id: string} {
  const file = path.join(at.home.data, 'trail-sim/evidence', String(anchor?.['receipt_sha256']))
  return JSON.parse(readFileSync(file, 'utf8')) as {log_id: string}
}

describe('reconcile with the embedded tenant', () => {
  test('who waits is told what others did a moment before, though our own acts are long covered', async (t) => {
    const at = await worked(t)
    deepEqual(codes(await compared(t, at)), [])
    equal(await call(at, await stolenToken(at), 'DELETE', grantOf(at, innocent(at))), 204)
    const {findings, window} = await compared(t, at)
    ok(findings.some(({code}) => code === 'WRITE_WITHOUT_AUDIT') && window.covered_to >= window.to)
  })

  test('a clean run agrees, leaves a record with evidence, and can be repeated', async (t) => {
    const at = await worked(t)
    const found = await compared(t, at, {incident: at.incident})
    deepEqual(codes(found), [], JSON.stringify(found.findings))
    ok(found.complete && found.matched >= 8, String(found.matched))
    equal(reconcileExit(found), 0)
    const record = at.records().findLast(({kind}) => kind === 'reconcile') as Entry
    equal(record['inc'], at.incident)
    equal(record['matched'], found.matched)
    const trail = await openTrail(placeOf(at.home), 'sim')
    const blobs = (record['evidence'] as string[]).map((sha256) => trail.getEvidence(sha256)?.toString('utf8') ?? '')
    trail.close('done')
    ok(blobs.length >= 2 && blobs.every((blob) => blob !== ''))
    match(blobs.slice(1).join(''), /"type":"sapi"/)
    const anchored = () => at.records().filter(({kind}) => kind === 'anchor') as Entry[]
    const [anchor] = anchored()
    equal(anchor?.['type'], 'tenant')
    equal(anchor?.['inc'], at.incident)
    const before = at.records().slice(0, anchor?.['size'])
    equal(anchor?.['root'], rootOf(before.map((one) => leafOf(one))), 'the root of the tree that ends with the intent')
    equal(before.at(-1)?.kind, 'intent')
    const newest = at.tenant.logs().find(({log_id}) => log_id === receiptOf(at, anchor).log_id) as Entry | undefined
    equal(newest?.['references'].correlation_id, correlationIdOf(leafOf(before.at(-1)!)), 'its hash stands in the tenant log')
    const again = await compared(t, at)
    deepEqual(codes(again), [])
    ok(again.matched >= found.matched)
    equal(anchored().length, 1, 'an anchor that is there is not written again')
  })

  test('with tokens that name themselves, without ids in the log of tokens, and with grants given back, there is no alarm either', async (t) => {
    for (const behaviour of [{token_jti: true}, {log_jti: false}, {log_delay_seconds: 120}]) {
      const at = await worked(t, {behaviour})
      await restore(t, at, at.incident, {beforeAllClear: true})
      await at.run(['grant', 'list', '--client', at.client_id])
      await at.run(['token', 'get', '--audience', `${at.simulator.origin}/api/v2/`])
      const found = await compared(t, at, {incident: at.incident})
      deepEqual(codes(found), [], `${JSON.stringify(behaviour)} ${JSON.stringify(found.findings)}`)
    }
  })

  test("somebody who writes, reads secrets and gets tokens with the responder's credential is found", async (t) => {
    for (const behaviour of [{}, {token_jti: true}, {log_jti: false}]) {
      const at = await worked(t, {behaviour})
      const token = await stolenToken(at)
      equal(await call(at, token, 'DELETE', grantOf(at, innocent(at))), 204)
      equal(await call(at, token, 'GET', `/api/v2/clients/${innocent(at)}?fields=client_id,client_secret`), 200)
      const found = await compared(t, at, {incident: at.incident})
      deepEqual(
        codes(found),
        ['SECRET_READ_WITHOUT_AUDIT', 'TOKEN_WITHOUT_AUDIT', 'WRITE_WITHOUT_AUDIT'],
        JSON.stringify(found.findings),
      )
      equal(found.findings.filter(({code}) => code === 'TOKEN_WITHOUT_AUDIT').length, 1)
      equal(reconcileExit(found), 5)
    }
  })

  test('an id of ours on a second request of somebody else is found, and so is one on another request', async (t) => {
    const at = await worked(t)
    const token = await stolenToken(at)
    const id = correlationOf(at, 'rotate-secret')
    equal(await call(at, token, 'POST', `/api/v2/clients/${at.client_id}/rotate-secret`, {'x-correlation-id': id}), 200)
    equal(
      await call(at, token, 'DELETE', grantOf(at, innocent(at)), {'x-correlation-id': correlationOf(at, 'client-grants')}),
      204,
    )
    const found = await compared(t, at, {incident: at.incident})
    deepEqual(codes(found), ['CORRELATION_REUSED', 'TOKEN_WITHOUT_AUDIT'])
    equal(found.findings.filter(({code}) => code === 'CORRELATION_REUSED').length, 2)
  })

  test('an id that looks like ours and is in no trail is found, unless that trail is named', async (t) => {
    const at = await worked(t)
    const other = await worked(t)
    const token = await stolenToken(at)
    const foreign = correlationOf(other, 'rotate-secret')
    equal(await call(at, token, 'DELETE', grantOf(at, innocent(at)), {'x-correlation-id': foreign}), 204)
    deepEqual(codes(await compared(t, at, {incident: at.incident})), ['TOKEN_WITHOUT_AUDIT', 'UNKNOWN_STANCH_ID'])
    deepEqual(codes(await compared(t, at, {incident: at.incident, also: [`${other.home.data}/trail-sim`]})), [
      'TOKEN_WITHOUT_AUDIT',
    ])
    await rejects(compared(t, at, {also: [at.home.folder]}), {code: 'input.unreadable'})
    // a trail that was changed could call a stranger's acts a colleague's
    const records = path.join(other.home.data, 'trail-sim/records/000000000000.jsonl')
    writeFileSync(records, readFileSync(records, 'utf8').replace('"actor":"', '"actor":"x'))
    await rejects(compared(t, at, {incident: at.incident, also: [`${other.home.data}/trail-sim`]}), {code: 'audit.not_verified'})
  })

  test("a token of ours whose entry is not to be read yet does not stand for a stranger's", async (t) => {
    const at = await worked(t)
    await compared(t, at)
    await stolenToken(at)
    at.tenant.clock.advance(400)
    deepEqual(codes(await compared(t, at, {wait: false})), ['TOKEN_WITHOUT_AUDIT'])
  })

  test('an entry that never comes is found; one that is late is too early, then right', async (t) => {
    const at = await worked(t)
    equal(at.tenant.world.logs.delay(is('sapi', 'rotate-secret'), Infinity), 1)
    const found = await compared(t, at, {incident: at.incident})
    deepEqual(codes(found), ['NO_TENANT_ENTRY'])
    equal(found.findings.length, 1)
    equal(reconcileExit(found), 5)

    const late = await worked(t)
    late.tenant.world.logs.delay(is('sapi'), 250)
    const early = await compared(t, late, {incident: late.incident, wait: false})
    deepEqual(codes(early), ['TOO_EARLY'])
    equal(early.complete, false)
    equal(reconcileExit(early), 6)
    deepEqual(codes(await compared(t, late, {incident: late.incident})), [])
  })

  test('what the log does not reach back to is said to be unknowable', async (t) => {
    const at = await worked(t, {plan: 'free'})
    at.tenant.clock.advance(2 * 86_400)
    const found = await compared(t, at, {incident: at.incident})
    deepEqual(codes(found), ['BEYOND_RETENTION'])
    equal(found.complete, false)
    equal(reconcileExit(found), 6)
    const told = await worked(t, {plan: 'enterprise'})
    told.tenant.clock.advance(2 * 86_400)
    deepEqual(codes(await compared(t, told, {incident: told.incident})), [])
    deepEqual(codes(await compared(t, told, {incident: told.incident, retention_days: 1})), ['BEYOND_RETENTION'])
  })

  test('an entry that differs from its intent in request, client or time is found, each by its name', async (t) => {
    for (const [code, change, back] of [
      ['REQUEST_DIFFERS', (entry: Entry) => (entry['details'].request.path = '/api/v2/clients/other/rotate-secret'), 0],
      ['CLIENT_DIFFERS', (entry: Entry) => (entry['client_id'] = 'SomebodyElse'), 0],
      ['EFFECT_BEFORE_INTENT', () => {}, 120_000],
    ] as const) {
      const at = await worked(t)
      const real = sapi(at, 'rotate-secret')
      at.tenant.world.logs.delay(is('sapi', 'rotate-secret'), Infinity)
      forge(at, real, change, Date.parse(String(real['date'])) - back)
      deepEqual(codes(await compared(t, at, {incident: at.incident})), [code])
    }
  })

  test('a refusal that was none is found', async (t) => {
    const at = await scene(t, OTHERS_MAY_WRITE)
    at.tenant.fault({on: 'client_grant.delete', do: 'status', status: 403, times: 1})
    const {result} = await respond(t, at)
    equal(result.actions.filter((one) => one.outcome === 'refused').length, 1)
    const refused = at
      .records()
      .find((one) => one.kind === 'outcome' && one['result'] === 'refused' && one['action'] === 'client_grant.delete') as Entry
    const intent = at.records()[Number(refused['intent'])] as Entry
    deepEqual(codes(await compared(t, at, {incident: String(result.incident_id)})), [])
    forge(at, sapi(at, 'client-grants'), (entry) => {
      entry['details'].request.path = intent['req'].path
      entry['references'].correlation_id = refused['corr']
    })
    const found = await compared(t, at, {incident: String(result.incident_id)})
    deepEqual(codes(found), ['OUTCOME_CONTRADICTED'])
    equal(found.findings.find(({code}) => code === 'OUTCOME_CONTRADICTED')?.seq, refused['intent'])
  })

  test("without ids in the log, acts are matched by method, path, client and time; a stranger's are still found", async (t) => {
    const at = await worked(t)
    for (const entry of at.tenant.logs()) {
      if (entry['type'] !== 'sapi' && entry['type'] !== 'mgmt_api_read') continue
      at.tenant.world.logs.delay(({log_id}) => log_id === entry['log_id'], Infinity)
      forge(at, entry, (event) => delete event['references'])
    }
    deepEqual(codes(await compared(t, at, {incident: at.incident})), [])
    forge(at, sapi(at, 'rotate-secret'), (event) => delete event['references'])
    deepEqual(codes(await compared(t, at, {incident: at.incident})), ['WRITE_WITHOUT_AUDIT'])
  })

  test('what others changed is listed and no alarm', async (t) => {
    const at = await worked(t)
    forge(at, sapi(at, 'rotate-secret'), (event) => {
      delete event['references']
      event['client_id'] = 'TheDashboard'
      event['details'].request.auth.user = {email: 'admin@acme.example'}
    })
    const found = await compared(t, at, {incident: at.incident})
    equal(reconcileExit(found), 0)
    match(found.findings.find(({code}) => code === 'OTHER_ACTOR')?.detail ?? '', /admin@acme\.example/)
  })
})

describe('reconcile gives late answers', () => {
  /** A deletion whose answer was lost in a process that died before it could look. */
  async function open(t: TestContext, effect: boolean): Promise<Scene & {incident: string; grant: string}> {
    const at = await worked(t)
    const trail = await openTrail(placeOf(at.home), 'sim')
    const grant = at.tenant.addGrant({client_id: innocent(at), audience: 'https://ledger.acme.example/', scope: []})
    const members = {
      op: `op-${effect}`,
      try: 1,
      action: 'client_grant.delete',
      tenant: at.simulator.host,
      target: `grant:${grant}`,
    } as const
    const path = `/api/v2/client-grants/${grant}`
    const {correlationId} = trail.append({kind: 'intent', inc: at.incident, ...members, req: {method: 'DELETE', path}})
    const connected = await connectTo(t, at)
    if (effect)
      equal((await connected.tenant.change({kind: 'client_grant.delete', grant_id: grant}, correlationId)).sent.kind, 'answered')
    trail.close('killed')
    await connected.close()
    return {...at, grant}
  }

  const settles = (at: Scene) => at.records().filter(({kind, by}) => kind === 'settle' && by === 'tenant-log')

  test('done, because the tenant logged it', async (t) => {
    const at = await open(t, true)
    const found = await compared(t, at, {incident: at.incident})
    deepEqual(codes(found), ['SETTLE_OK'])
    equal(reconcileExit(found), 0)
    deepEqual(
      settles(at).map(({result}) => result),
      ['ok'],
    )
    deepEqual(codes(await compared(t, at, {incident: at.incident})), [])
  })

  test('not done, because the tenant logged nothing and still has it', async (t) => {
    const at = await open(t, false)
    deepEqual(codes(await compared(t, at, {incident: at.incident, wait: false})), ['TOO_EARLY'])
    equal(settles(at).length, 0)
    const found = await compared(t, at, {incident: at.incident})
    deepEqual(codes(found), ['SETTLE_NOT_DONE'])
    deepEqual(
      settles(at).map(({result}) => result),
      ['not_done'],
    )
  })

  test('neither, when it is gone and nobody logged it', async (t) => {
    const at = await open(t, false)
    at.tenant.removeGrant(at.grant)
    deepEqual(codes(await compared(t, at, {incident: at.incident})), ['NO_TENANT_ENTRY'])
    equal(settles(at).length, 0)
  })

  test('and contradicts one that was given by mistake', async (t) => {
    const at = await open(t, true)
    const trail = await openTrail(placeOf(at.home), 'sim')
    const intent = at.records().findLast(({kind}) => kind === 'intent') as Entry
    trail.append({
      kind: 'settle',
      inc: at.incident,
      op: String(intent['op']),
      tenant: at.simulator.host,
      intent: Number(intent['seq']),
      result: 'not_done',
      by: 'state',
    })
    trail.close('done')
    deepEqual(codes(await compared(t, at, {incident: at.incident})), ['OUTCOME_CONTRADICTED'])
  })
})
