import {deepEqual, equal, match, notEqual, ok, rejects, throws} from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {systemClock} from '../../src/clock.ts'
import {Secret} from '../../src/secret.ts'
import {leafOf} from '../../src/trail/format/record.ts'
import {hasIntent} from '../../src/trail/intents.ts'
import {logId} from '../../src/trail/layout.ts'
import {readOrigin, readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {IDENTITY, oneAct, trailPlace} from '../support/trail.ts'

test('a new trail begins with log.open, a checkpoint and a session, and verifies after it was closed', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  match(trail.origin, /^stanch\.local\/[0-9a-f]{16}$/)
  ok(trail.vkey.startsWith(`${trail.origin}+`))
  deepEqual(
    [...trail.records()].map(({kind}) => kind),
    ['log.open', 'session.open'],
  )
  oneAct(trail, 'inc-1')
  const {size, root, text} = trail.checkpoint()
  equal(size, 5)
  equal(root, trail.head().root)
  equal(readFileSync(join(place.folder, 'checkpoint'), 'utf8'), text)
  trail.close('done')
  trail.close('twice')
  const [open] = [...readTrail(place.folder)]
  const result = verifyFolder(place.folder, {vkey: trail.vkey, first: leafOf(open!), known: [text]})
  deepEqual(
    [result.ok, result.complete, result.records, result.size, result.mode, result.findings],
    [true, true, 6, 6, 'sim', []],
  )
  deepEqual(readdirSync(join(place.folder, 'checkpoints')), ['000000000006'])
  equal(readOrigin(place.folder), trail.origin)
  match(logId(trail.origin), /^[0-9a-f]{16}$/)
})

test('records carry session, mode, monotonic time, actor and the numbers of their incident', async (t) => {
  const trail = await trailPlace(t).open()
  oneAct(trail, 'inc-1')
  trail.append({kind: 'note', text: 'of no incident'})
  trail.append({kind: 'note', inc: 'inc-1', text: 'fourth'})
  const records = [...trail.records()].slice(2)
  deepEqual(
    records.map(({iseq}) => iseq),
    [0, 1, 2, undefined, 3],
  )
  for (const {sid, mode, actor, mono} of records) {
    deepEqual([sid, mode, actor], [trail.sid, 'sim', IDENTITY.actor])
    ok(Number.isInteger(mono) && Number(mono) >= 0)
  }
  equal([...trail.records({inc: 'inc-1'})].length, 4)
  equal([...trail.records({inc: 'inc'})].length, 0)
})

test('what the trail returns for an intent is the leaf hash that is on the disk, and the correlation id made of it', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const corr = oneAct(trail, 'inc-1')
  const intent = [...trail.records()].find(({kind}) => kind === 'intent')!
  equal(corr, `stanch-${leafOf(intent).slice(0, 56)}`)
  ok(hasIntent(place.folder, corr))
  equal(hasIntent(place.folder, `stanch-${'0'.repeat(56)}`), false)
  equal(hasIntent(place.folder, corr.slice(0, -1)), false)
  equal(hasIntent(join(place.folder, 'elsewhere'), corr), false)
  const note = trail.append({kind: 'note', text: 'no intent'})
  equal(hasIntent(place.folder, note.correlationId), false)
})

test('a checkpoint is the same text while nothing was appended, and a kept one is stored', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const one = trail.checkpoint()
  equal(trail.checkpoint().text, one.text)
  trail.append({kind: 'note', text: 'x'})
  notEqual(trail.checkpoint(true).text, one.text)
  deepEqual(readdirSync(join(place.folder, 'checkpoints')), ['000000000003'])
})

test('incident.close is covered by a kept checkpoint without asking: the seal of its epoch', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  trail.append({kind: 'incident.close', inc: 'inc-1', all_clear_at: '2026-11-22T10:00:00Z'})
  equal(trail.checkpoint().size, 7)
  deepEqual(readdirSync(join(place.folder, 'checkpoints')), ['000000000007'])
})

test('a checkpoint is made within about a second of an append that nobody signed for', async (t) => {
  t.mock.timers.enable({apis: ['setTimeout']})
  const place = trailPlace(t)
  const trail = await place.open()
  trail.append({kind: 'note', text: 'x'})
  equal(verifyFolder(place.folder).complete, false)
  t.mock.timers.tick(1000)
  equal(verifyFolder(place.folder).complete, true)
})

test('a group is written whole or not at all', async (t) => {
  const trail = await trailPlace(t).open()
  const before = trail.head()
  throws(
    () =>
      trail.appendAll([
        {kind: 'note', text: 'good'},
        {kind: 'note', inc: 'inc-9', text: 'no such incident'},
      ]),
    {code: 'E_SCHEMA'},
  )
  deepEqual(trail.head(), before)
  oneAct(trail, 'inc-1')
  const group = trail.appendAll(Array.from({length: 20}, (_, i) => ({kind: 'note', inc: 'inc-1', text: `note ${i}`}) as const))
  deepEqual(
    group.map(({seq}) => seq),
    Array.from({length: 20}, (_, i) => 5 + i),
  )
  equal(verifyFolder(trail.folder).ok, true)
})

test('records that a verifier would fail are refused and leave the log as it was', async (t) => {
  const trail = await trailPlace(t).open()
  oneAct(trail, 'inc-1')
  const before = trail.head()
  const act = {op: 'op-2', try: 1, action: 'a', tenant: 't', target: 'client:c'} as const
  throws(() => trail.append({kind: 'note', inc: 'inc-2', text: 'before its incident'}), {code: 'E_SCHEMA'})
  throws(() => trail.append({kind: 'outcome', ...act, intent: 3, corr: 'x', result: 'ok'}), {code: 'E_SCHEMA'})
  throws(() => trail.append({kind: 'settle', op: 'op-2', intent: 3, result: 'ok', by: 'state'}), {code: 'E_SCHEMA'})
  throws(() => trail.append({kind: 'incident.open', inc: 'inc-1', tenant: 't', title: 't', leak: 'l', role: 'lead'}), {
    code: 'E_SCHEMA',
  })
  throws(() => trail.append({kind: 'hunch'} as never), {code: 'E_SCHEMA'})
  throws(() => trail.append({kind: 'note', text: 'x', secret: 'y'} as never), {code: 'E_SCHEMA'})
  throws(() => trail.append({kind: 'decision', question: 'q', answer: 'x'.repeat(70_000)}), {code: 'E_TOO_LONG'})
  deepEqual(trail.head(), before)
  trail.append({kind: 'incident.close', inc: 'inc-1', all_clear_at: 'x'})
  throws(() => trail.append({kind: 'note', inc: 'inc-1', text: 'after its end'}), {code: 'E_SCHEMA'})
  const intent = trail.append({kind: 'intent', ...act, req: {method: 'POST', path: '/'}})
  throws(() => trail.append({kind: 'intent', ...act, try: 2, req: {method: 'POST', path: '/'}}), {code: 'E_SCHEMA'})
  deepEqual(
    trail.openIntents().map(({seq, state}) => [seq, state]),
    [[intent.seq, 'sent']],
  )
  trail.append({kind: 'outcome', ...act, intent: intent.seq, corr: intent.correlationId, result: 'unknown'})
  deepEqual(
    trail.openIntents().map(({state}) => state),
    ['unknown'],
  )
  throws(() => trail.append({kind: 'outcome', ...act, intent: intent.seq, corr: intent.correlationId, result: 'ok'}), {
    code: 'E_SCHEMA',
  })
  trail.append({kind: 'settle', op: 'op-2', intent: intent.seq, result: 'not_done', by: 'state'})
  trail.append({kind: 'intent', ...act, try: 2, req: {method: 'POST', path: '/'}})
  equal(verifyFolder(trail.folder).ok, true)
})

test('a record that holds a live secret in any spelling is refused, and so is evidence', async (t) => {
  const trail = await trailPlace(t).open()
  const value = 'S3cr~et/+value "of a client" 0123456789'
  const secret = new Secret(value)
  const bytes = Buffer.from(secret.reveal())
  const before = trail.head()
  const forms = [
    value,
    encodeURIComponent(value),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    Buffer.from(`id:${value}`).toString('base64'),
    JSON.stringify({inner: value}),
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0aGUtc3ViamVjdCJ9.c2lnbmF0dXJl',
    '-----BEGIN PRIVATE KEY-----',
  ]
  for (const form of forms) {
    throws(() => trail.append({kind: 'note', text: `before ${form} after`}), {code: 'E_SECRET'}, form)
    throws(() => trail.append({kind: 'gap', what: 'x', why: form}), {code: 'E_SECRET'}, form)
    throws(() => trail.putEvidence(`{"text":"${form}"}`), {code: 'E_SECRET'}, form)
  }
  deepEqual(trail.head(), before)
  for (const name of readdirSync(trail.folder, {recursive: true, encoding: 'utf8'})) {
    const path = join(trail.folder, name)
    if (statSync(path).isFile()) equal(readFileSync(path).includes(bytes), false, name)
  }
})

test('evidence is stored under its digest, once, and a changed blob is noticed', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const sha256 = trail.putEvidence('{"before":1}')
  equal(trail.putEvidence(Buffer.from('{"before":1}')), sha256)
  equal(trail.getEvidence(sha256)?.toString(), '{"before":1}')
  equal(trail.getEvidence('0'.repeat(64)), undefined)
  equal(trail.getEvidence('../checkpoint'), undefined)
  const {writeFileSync} = await import('node:fs')
  writeFileSync(join(place.folder, 'evidence', sha256), '{"before":2}')
  throws(() => trail.getEvidence(sha256), {code: 'E_TAMPERED'})
})

test('fingerprints are keyed: two trails give the same value different ones', async (t) => {
  const [one, other] = [await trailPlace(t).open(), await trailPlace(t).open()]
  const print = (trail: typeof one, value: string) => trail.blind('t', 'client:c', 'client_secret', value)
  match(print(one, 'x'), /^hmac-sha256:[0-9a-f]{64}$/)
  equal(print(one, 'x'), print(one, 'x'))
  notEqual(print(one, 'x'), print(one, 'y'))
  notEqual(print(one, 'x'), print(other, 'x'))
})

test('folders are 0700 and files 0600 whatever the umask says', {skip: process.platform === 'win32'}, async (t) => {
  const before = process.umask(0)
  t.after(() => process.umask(before))
  const place = trailPlace(t)
  const trail = await place.open()
  trail.putEvidence('x')
  trail.checkpoint(true)
  for (const root of [place.folder, place.keys]) {
    for (const name of ['.', ...readdirSync(root, {recursive: true, encoding: 'utf8'})]) {
      const stat = statSync(join(root, name))
      equal(stat.mode & 0o777, stat.isDirectory() ? 0o700 : 0o600, join(root, name))
    }
  }
})

test('a second session continues the log; the other mode and another origin are refused', async (t) => {
  const place = trailPlace(t)
  const one = await place.open({origin: 'acme.example/stanch/alice'})
  oneAct(one, 'inc-1')
  one.close('done')
  await rejects(place.open({mode: 'real'}), {code: 'config.invalid'})
  await rejects(place.open({origin: 'acme.example/stanch/bob'}), {code: 'config.invalid'})
  const two = await place.open({origin: 'acme.example/stanch/alice'})
  equal(two.vkey, one.vkey)
  notEqual(two.sid, one.sid)
  equal(two.append({kind: 'note', inc: 'inc-1', text: 'later'}).seq, 7)
  two.close('done')
  const result = verifyFolder(place.folder, {vkey: one.vkey})
  deepEqual([result.ok, result.complete], [true, true])
})

test('reading a trail takes no lock and makes no file', async (t) => {
  const place = trailPlace(t)
  const trail = await place.open()
  const before = readdirSync(place.folder, {recursive: true, encoding: 'utf8'}).toSorted()
  equal([...readTrail(place.folder)].length, 2)
  deepEqual(readdirSync(place.folder, {recursive: true, encoding: 'utf8'}).toSorted(), before)
  deepEqual([...readTrail(join(place.base, 'nothing'))], [])
  equal(existsSync(join(place.base, 'nothing')), false)
  trail.close('done')
})

test('an origin that no signed note can carry is refused', async (t) => {
  for (const origin of ['a b', 'a+b', '', 'ä']) await rejects(trailPlace(t).open({origin}), {code: 'config.invalid'})
  equal(typeof systemClock.now(), 'number')
})
