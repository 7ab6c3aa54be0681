import {deepEqual, equal, match, ok} from 'node:assert/strict'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {closeIncident} from '../../src/cli/close.ts'
import {openTrail} from '../../src/cli/context.ts'
import type {Decision, Responder} from '../../src/execution/responder.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {contained, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
import {connectTo, placeOf, respond, scene} from '../support/incident.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home, PracticeTenant, Ran} from '../support/run-stanch.ts'

const WAIVER = ['--waived-by', 'Alice Auditor', '--reason', 'a drill']
const MANUAL = ['deploy-new-secret', 'remove-leak', 'tell-owner']

function records(home: Home): any[] {
  return [...readTrail(path.join(home.data, 'trail-sim'))]
}

async function signOff(home: Home, id: string): Promise<void> {
  equal((await run(home, ['incident', 'update', id, ...MANUAL.flatMap((step) => ['--done', step])])).code, 0)
}

function close(home: Home, tenant: PracticeTenant, id: string, ...more: string[]): Promise<Ran> {
  return run(home, ['incident', 'close', id, '--json', ...more], {env: tenant.connection})
}

async function prepared(t: TestContext): Promise<{home: Home; tenant: PracticeTenant; id: string}> {
  const home = newHome(t)
  const tenant = await practiceTenant(t, home)
  return {home, tenant, id: (await contained(home, tenant)).id}
}

describe('incident close', () => {
  test('the anchor is the checkpoint that was posted, and a size that was never given out closes nothing', async (t) => {
    const {home, tenant, id} = await prepared(t)
    await signOff(home, id)
    const shown = (await run(home, ['audit', 'anchor', '--incident', id, '--json'])).json() as any
    equal(shown.status, 'to_post')
    const before = records(home).length
    const words = ['--disposition', 'contained', '--anchor', 'SEC-42', '--anchor-size']
    for (const size of ['1', String(shown.size + 1000)]) {
      const refused = await close(home, tenant, id, ...words, size)
      equal(refused.code, 2, size)
      equal((refused.json() as any).error.code, 'usage.invalid', size)
    }
    for (const [flags, says] of [
      [['--anchor', 'SEC-42', '--anchor-size', '0'], /anchor-size/],
      [['--anchor-size', '3', '--no-anchor'], /anchor/],
    ] as const) {
      const refused = await close(home, tenant, id, '--disposition', 'contained', ...flags)
      equal(refused.code, 2, flags.join(' '))
      match(refused.stdout, says)
    }
    const added = records(home).slice(before)
    ok(
      added.every(({kind}) => kind.startsWith('session.')),
      JSON.stringify(added.map(({kind}) => kind)),
    )

    const ran = await close(home, tenant, id, ...words, String(shown.size))
    equal(ran.code, 0, ran.stdout + ran.stderr)
    const closed = ran.json() as any
    deepEqual(closed.anchored, {reference: 'SEC-42', size: shown.size, body: shown.body})
    const anchor = records(home).find(({kind, type}) => kind === 'anchor' && type === 'chat')
    deepEqual([anchor.size, anchor.root], [shown.size, shown.root_hash])
  })

  test('with every step signed off, an anchor and a log that agrees it closes, seals the epoch and verifies as a whole', async (t) => {
    const {home, tenant, id} = await prepared(t)
    await signOff(home, id)
    const ran = await close(
      home,
      tenant,
      id,
      '--disposition',
      'contained',
      '--cause',
      'pushed to a repository',
      '--lessons',
      'scan first',
      '--anchor',
      'SEC-42',
    )
    equal(ran.code, 0, ran.stdout + ran.stderr)
    const closed = ran.json() as any
    equal(closed.status, 'closed')
    deepEqual(closed.open_items, [])
    deepEqual(
      closed.reconcile.findings.filter((one: any) => one.code !== 'OTHER_ACTOR'),
      [],
    )
    const all = records(home)
    const end = all.find(({kind}) => kind === 'incident.close')
    equal(end.disposition, 'contained')
    equal(end.all_clear_at, closed.all_clear_at)
    equal(all.filter(({inc}) => inc === id).at(-1), end, 'the close is the last record of the incident')
    const anchors = all.filter(({kind}) => kind === 'anchor')
    deepEqual(
      anchors.map(({type}) => type),
      ['tenant', 'chat'],
    )
    ok(anchors.every(({inc, seq, size}) => inc === id && seq < end.seq && size <= seq))
    ok(all.some(({kind, seq}) => kind === 'key.epoch' && seq > end.seq))
    const kept = path.join(home.data, 'trail-sim/checkpoints', String(closed.audit.size).padStart(12, '0'))
    ok(closed.audit.size > end.seq)
    const {readFileSync} = await import('node:fs')
    ok(readFileSync(kept, 'utf8').startsWith(closed.checkpoint_body))
    equal((await run(home, ['audit', 'verify', '--simulated', '--known', kept])).code, 0)
    const view = (await run(home, ['incident', 'show', id, '--json'])).json() as any
    ok(view.closed_at !== undefined && view.live === false && view.next.length === 0)
    noSecrets(tenant, ran)
    noSecretsOnDisk(tenant, home)
  })

  test('what is open is listed and keeps it open; what was answered stays; waived by name and reason it closes', async (t) => {
    const {home, tenant, id} = await prepared(t)
    const ran = await close(home, tenant, id, '--disposition', 'contained')
    equal(ran.code, 6, ran.stdout)
    const open = (ran.json() as any).open_items.map((one: any) => one.item)
    deepEqual(
      open,
      [...MANUAL.map((step) => `manual.${step}`), 'anchor'].sort((a, b) => open.indexOf(a) - open.indexOf(b)),
    )
    equal(open.length, 4)
    ok(!records(home).some(({kind}) => kind === 'incident.close'))
    const nameless = await close(home, tenant, id, '--disposition', 'contained', '--no-anchor', '--reason', 'none')
    equal(nameless.code, 2)
    const first = await close(home, tenant, id, '--disposition', 'contained', '--no-anchor', ...WAIVER)
    equal(first.code, 6)
    const second = await close(
      home,
      tenant,
      id,
      '--disposition',
      'contained',
      ...MANUAL.flatMap((step) => ['--waive', `manual.${step}`]),
      ...WAIVER,
    )
    equal(second.code, 0, second.stdout)
    deepEqual(
      (second.json() as any).waived.map((one: any) => one.by),
      Array(4).fill('Alice Auditor'),
    )
    const decisions = records(home).filter(
      ({kind, question}) => kind === 'decision' && String(question).startsWith('close.waive.'),
    )
    equal(decisions.length, 4)
    ok(decisions.every(({answer}) => answer === 'waived by Alice Auditor: a drill'))
    const text = (await run(home, ['audit', 'show', '--incident', id])).stdout
    match(text, /waived by Alice Auditor/)
  })

  test('an operation without an answer is never closed over: exit 6, nothing written, resume is named', async (t) => {
    const at = await scene(t)
    const {result} = await respond(t, at)
    const id = String(result.incident_id)
    const trail = await openTrail(placeOf(at.home), 'sim')
    trail.append({
      kind: 'intent',
      inc: id,
      op: 'op-x',
      try: 1,
      action: 'client_grant.delete',
      tenant: at.simulator.host,
      target: 'grant:cgr_1',
      req: {method: 'DELETE', path: '/api/v2/client-grants/cgr_1'},
    })
    trail.close('killed')
    const before = at.records().length
    const ran = await at.run(['incident', 'close', id, '--disposition', 'contained', '--anchor', 'SEC-42'])
    equal(ran.code, 6)
    equal(ran.document.error?.code, 'action.in_doubt')
    match(ran.document.error?.hint ?? '', new RegExp(`stanch resume ${id}`))
    ok(
      at
        .records()
        .slice(before)
        .every(({kind}) => ['session.open', 'session.close', 'auth'].includes(kind)),
    )
  })

  test('a tenant log that differs holds it back with exit 5, until somebody answers for it', async (t) => {
    const {home, tenant, id} = await prepared(t)
    await signOff(home, id)
    tenant.tenant.world.logs.delay((entry) => String((entry as any).details?.request?.path).includes('rotate-secret'), Infinity)
    const ran = await close(home, tenant, id, '--disposition', 'contained', '--anchor', 'SEC-42')
    equal(ran.code, 5, ran.stdout)
    match(JSON.stringify(ran.json()['open_items']), /NO_TENANT_ENTRY/)
    equal((await close(home, tenant, id, '--disposition', 'contained', '--waive', 'reconcile', ...WAIVER)).code, 0)
  })

  test('without the tenant it closes only when somebody answers for that', async (t) => {
    const {home, id} = await prepared(t)
    await signOff(home, id)
    const words = [
      'incident',
      'close',
      id,
      '--json',
      '--disposition',
      'contained',
      '--anchor',
      'SEC-42',
      '--no-reconcile',
      'tenant is gone',
    ]
    equal((await run(home, words)).code, 2)
    const ran = await run(home, [...words, '--waived-by', 'Bob'])
    equal(ran.code, 0, ran.stdout)
    ok(
      records(home).some(
        ({question, answer}) => question === 'close.waive.reconcile' && answer === 'waived by Bob: tenant is gone',
      ),
    )
  })

  test('contained is not said of an incident whose proof is missing', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const leak = tenant.practice.leak
    const ran = await run(
      home,
      [
        'respond',
        '--leak',
        'client-secret',
        '--client',
        leak.client_id,
        '--deliver',
        `file:${home.folder}/s`,
        '--verify-window',
        '10s',
        '--reason',
        'x',
        '--yes',
        '--json',
      ],
      {env: tenant.connection},
    )
    equal(ran.code, 6)
    const id = String(ran.json()['incident_id'])
    await signOff(home, id)
    const closed = await close(home, tenant, id, '--disposition', 'contained', '--anchor', 'T-1')
    equal(closed.code, 6)
    deepEqual(
      (closed.json() as any).open_items.map((one: any) => one.item),
      ['containment'],
    )
    equal((await close(home, tenant, id, '--disposition', 'accepted')).code, 0)
  })

  test('a false alarm in which nothing was changed asks nobody to deploy, clean or tell; one with a change does', async (t) => {
    const at = await scene(t)
    const no: Responder = {attended: true, decide: (async () => false) as unknown as Responder['decide'], notify: () => {}}
    const {result} = await respond(t, at, {responder: no})
    equal(result.status, 'declined')
    const words = ['--disposition', 'false_alarm', '--anchor', 'SEC-42']
    const closed = await close(at.home, at.simulator, result.incident_id ?? '', ...words)
    deepEqual([closed.code, (closed.json() as any).open_items], [0, []])
    const changed = await prepared(t)
    const open = await close(changed.home, changed.tenant, changed.id, '--disposition', 'false_alarm', '--anchor', 'SEC-42')
    equal(open.code, 6)
    deepEqual(
      (open.json() as any).open_items.map(({item}: any) => item),
      MANUAL.map((step) => `manual.${step}`),
    )
  })

  test('nothing is added after the close, and it is not closed twice', async (t) => {
    const {home, tenant, id} = await prepared(t)
    await signOff(home, id)
    equal((await close(home, tenant, id, '--disposition', 'contained', '--anchor', 'T-1')).code, 0)
    const before = records(home).filter(({inc}) => inc === id).length
    for (const argv of [
      ['incident', 'close', id, '--disposition', 'contained', '--anchor', 'T'],
      ['incident', 'note', id, '--text', 'x'],
    ])
      equal((await run(home, [...argv, '--json'], {env: tenant.connection})).code, 2, argv.join(' '))
    equal(records(home).filter(({inc}) => inc === id).length, before)
    // what is learned later stands beside it: a comparison a day later, where the last checkpoint was posted
    equal((await run(home, ['audit', 'reconcile', '--incident', id, '--wait'], {env: tenant.connection})).code, 0)
    equal((await run(home, ['audit', 'anchor', '--incident', id, '--ref', 'SEC-42, last comment'])).code, 0)
    const end = records(home).find(({kind}) => kind === 'incident.close').seq
    const beside = records(home).filter(({target, seq}) => target === `incident:${id}` && seq > end)
    deepEqual(
      beside.map(({kind, inc}) => [kind, inc]),
      [
        ['reconcile', undefined],
        ['anchor', undefined],
      ],
    )
    equal(records(home).filter(({inc}) => inc === id).length, before)
    equal(verifyFolder(path.join(home.data, 'trail-sim')).ok, true)
    // a new leak of the same client is a new incident
    const again = await run(
      home,
      [
        'respond',
        '--leak',
        'client-secret',
        '--client',
        tenant.practice.leak.client_id,
        '--deliver',
        `file:${home.folder}/again`,
        '--reason',
        'x',
        '--yes',
        '--json',
      ],
      {env: tenant.connection},
    )
    ok([0, 6].includes(again.code), again.stdout)
  })

  test('what a hunt found, a failed hand-over and an open way to a token hold it back, each waived or signed off by its own name', async (t) => {
    const {home, tenant, id} = await prepared(t)
    await signOff(home, id)
    const trail = await openTrail(placeOf(home), 'sim')
    const {IncidentTrail} = await import('../../src/execution/incident-trail.ts')
    const {systemClock} = await import('../../src/clock.ts')
    const journal = new IncidentTrail(trail, id, tenant.host, systemClock)
    const inventory = ['client:evil', 'credential:cred_1'].map((object) => ({
      id: `H10:${object}`,
      what: `somebody made ${object}`,
      hunt: 'H10',
      remove: 'delete it in the Dashboard',
      log_ids: [],
    }))
    const hunt = {
      computed_at: '2026-11-22T03:00:00Z',
      client_ids: [],
      suspects: {},
      findings: [],
      inventory,
      not_seen: [],
      entries: 0,
    }
    journal.observe({action: 'hunt', finding: '2 things', evidence: journal.evidence(hunt)})
    const path = {
      id: 'client:https://a/?x=1:key:client_grant:cgr_1',
      audience: 'https://a/?x=1',
      via: 'client_grant',
      credential: 'key',
      open: true,
      why: 'a key is bound',
    }
    journal.observe({
      action: 'assess',
      finding: '1 way',
      evidence: journal.evidence({computed_at: 'x', before: [], after: [path]}),
    })
    journal.delivered('op-late', {sink: 'exec:vault', result: 'failed', fingerprint: `hmac-sha256:${'0'.repeat(64)}`})
    trail.close('done')
    const words = ['--disposition', 'contained', '--anchor', 'SEC-42']
    const ran = await close(home, tenant, id, ...words)
    equal(ran.code, 6, ran.stdout)
    const document = ran.json() as any
    deepEqual(
      document.open_items.map(({item}: any) => item),
      [`path.${path.id}`, 'hunt.H10:client:evil', 'hunt.H10:credential:cred_1', 'delivery'],
    )
    const shown = (await run(home, ['incident', 'show', id, '--json'])).json() as any
    deepEqual(shown.left_open, document.open_items, 'what a close would name is seen before')
    const screen = (await run(home, ['incident', 'show', id])).stdout
    match(screen, /^Left open:$/m)
    match(
      screen,
      /hunt\.H10:client:evil: H10: somebody made client:evil\n +delete it in the Dashboard; then hunt again, or: stanch incident /,
    )
    ok(document.response_times.spans.length > 3 && /not legal advice/.test(document.reporting_clocks.note))
    equal((await run(home, ['incident', 'update', id, '--done', 'hunt.H10:nothing'])).code, 2)
    equal((await run(home, ['incident', 'update', id, '--done', 'hunt.H10:client:evil'])).code, 0)
    equal((await close(home, tenant, id, ...words, '--waive', 'delivery=')).code, 2, 'a waiver needs a name')
    equal((await close(home, tenant, id, ...words, '--waive', 'delivery=', '--waived-by', 'Alice')).code, 2, 'and a reason')
    const waived = await close(
      home,
      tenant,
      id,
      ...words,
      ...[
        `path.${path.id}=the key is in an HSM`,
        'hunt.H10:credential:cred_1=ours after all',
        'delivery=handed over by phone',
      ].flatMap((one) => ['--waive', one]),
      '--waived-by',
      'Alice',
    )
    equal(waived.code, 0, waived.stdout)
    const decisions = records(home).filter(({question}) => String(question).startsWith('close.waive.'))
    deepEqual(
      decisions.map(({question, answer}) => [question, answer]),
      [
        [`close.waive.path.${path.id}`, 'waived by Alice: the key is in an HSM'],
        ['close.waive.hunt.H10:credential:cred_1', 'waived by Alice: ours after all'],
        ['close.waive.delivery', 'waived by Alice: handed over by phone'],
      ],
    )
  })

  test('what was signed off is open again when a later hunt still finds it', async (t) => {
    const {home, tenant, id} = await prepared(t)
    await signOff(home, id)
    const {IncidentTrail} = await import('../../src/execution/incident-trail.ts')
    const {systemClock} = await import('../../src/clock.ts')
    const hunted = async () => {
      const trail = await openTrail(placeOf(home), 'sim')
      const journal = new IncidentTrail(trail, id, tenant.host, systemClock)
      const inventory = [{id: 'H10:client:evil', what: 'x', hunt: 'H10', remove: 'delete it', log_ids: []}]
      journal.observe({action: 'hunt', finding: '1 thing', evidence: journal.evidence({inventory, suspects: {}})})
      trail.close('done')
    }
    await hunted()
    equal((await run(home, ['incident', 'update', id, '--done', 'hunt.H10:client:evil'])).code, 0)
    await hunted()
    const ran = await close(home, tenant, id, '--disposition', 'contained', '--anchor', 'SEC-42')
    deepEqual(
      (ran.json() as any).open_items.map(({item}: any) => item),
      ['hunt.H10:client:evil'],
    )
  })

  test('incident show gives response times and deadlines, and takes the judgements that start some of them', async (t) => {
    const {home, id} = await prepared(t)
    equal(
      (await run(home, ['incident', 'update', id, '--aware-at', '2026-11-20T10:00:00Z', '--material-at', '2026-11-20T12:00:00Z']))
        .code,
      0,
    )
    equal((await run(home, ['incident', 'update', id, '--major-at', 'yesterday'])).code, 2)
    const view = (await run(home, ['incident', 'show', id, '--json'])).json() as any
    const sec = view.reporting_clocks.items.find(({regime}: any) => regime === 'SEC')
    equal(sec.due_at, '2026-11-26T12:00:00Z')
    equal(view.response_times.moments.aware, '2026-11-20T10:00:00Z')
    const text = (await run(home, ['incident', 'show', id])).stdout
    match(text, /Deadlines: {2}not legal advice/)
    match(text, /2026-11-23T10:00:00Z GDPR/)
  })

  test('wrong words: no disposition, an item that does not exist, a token as a reference', async (t) => {
    const {home, tenant, id} = await prepared(t)
    const before = records(home).filter(({inc}) => inc === id).length
    equal((await close(home, tenant, id)).code, 2)
    equal((await close(home, tenant, id, '--disposition', 'contained', '--waive', 'manual.nope', ...WAIVER)).code, 2)
    equal(
      (await close(home, tenant, id, '--disposition', 'contained', '--anchor', `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0abc.sig`))
        .code,
      2,
    )
    equal((await close(home, tenant, id, '--disposition', 'contained', '--anchor', 'x', '--no-anchor')).code, 2)
    equal(records(home).filter(({inc}) => inc === id).length, before)
  })

  test('in a terminal it asks for disposition, cause, each open item and where the checkpoint was posted', async (t) => {
    const at = await scene(t)
    const {result} = await respond(t, at)
    const asked: string[] = []
    const answers: Record<string, string> = {
      'close.disposition': 'contained',
      'close.cause': 'a push',
      'close.anchor': 'https://chat.acme.example/p1',
      'close.item.manual.tell-owner': 'waive',
      'close.waived_by': 'Eve: CISO',
      'close.waive_reason': 'she knows',
    }
    const responder: Responder = {
      attended: true,
      decide: (async (decision: Decision) => {
        asked.push(decision.id)
        return answers[decision.id] ?? 'done'
      }) as Responder['decide'],
      notify: () => {},
    }
    const connected = await connectTo(t, at)
    const closed = await closeIncident({
      place: placeOf(at.home),
      responder,
      connected,
      interruption: {requested: false},
      say: () => {},
      request: {incident: String(result.incident_id), waivers: [], wait: true, also: []},
    })
    equal(closed.status, 'closed', JSON.stringify(closed.open_items))
    deepEqual(asked.slice(0, 2), ['close.disposition', 'close.cause'])
    equal(asked.at(-1), 'close.anchor')
    deepEqual(closed.waived, [{item: 'manual.tell-owner', by: 'Eve  CISO', reason: 'she knows'}])
    equal(closed.cause, 'a push')
  })
})
