import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {describe, test, type TestContext} from 'node:test'

import {contained, noSecrets, noSecretsOnDisk, run} from '../support/cli.ts'
import {MAIN, newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home, PracticeTenant} from '../support/run-stanch.ts'
import {leafHash} from '../../src/trail/format/record.ts'
import {ROOT} from '../support/tree.ts'

const FORMATS = ['ocsf', 'ecs', 'cef', 'csv', 'jsonl'] as const

interface Worked {
  readonly home: Home
  readonly tenant: PracticeTenant
  readonly id: string
}

async function worked(t: TestContext): Promise<Worked> {
  const home = newHome(t)
  const tenant = await practiceTenant(t, home)
  const {id} = await contained(home, tenant)
  return {home, tenant, id}
}

const trailLines = (home: Home) =>
  readFileSync(path.join(home.data, 'trail-sim/records/000000000000.jsonl'), 'utf8').trimEnd().split('\n')

/** A child whose output is looked at while it runs. */
function following(t: TestContext, home: Home, argv: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...argv], {env: home.env, cwd: home.folder, stdio: ['ignore', 'pipe', 'pipe']})
  t.after(() => void child.kill('SIGKILL'))
  const out = {stdout: '', stderr: ''}
  const heard = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text
      for (const look of heard) look()
    })
  }
  return {
    out,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    shows: (pattern: RegExp) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!pattern.test(out.stdout)) return
          heard.delete(look)
          resolve()
        }
        heard.add(look)
        look()
      }),
    ended: once(child, 'close').then(([code]) => code as number),
  }
}

describe('stanch audit export', () => {
  test('where only a simulated trail is, the real one is said to be absent and the other one named', async (t) => {
    const {home} = await worked(t)
    const ran = await run(home, ['audit', 'export', '--format', 'jsonl'])
    equal(ran.stdout, '')
    match(ran.stderr, /There is no REAL trail on this machine/)
    match(ran.stderr, /add --simulated/)
    const simulated = await run(home, ['audit', 'export', '--format', 'jsonl', '--simulated'])
    ok(simulated.stdout.length > 0)
    ok(!simulated.stderr.includes('There is no'), simulated.stderr)
  })

  test('every format has every record with origin, seq and leaf hash, and no secret', async (t) => {
    const {home, tenant, id} = await worked(t)
    const lines = trailLines(home)
    const origin = String((JSON.parse(lines[0] ?? '') as any).origin)
    for (const format of FORMATS) {
      const ran = await run(home, ['audit', 'export', '--format', format, '--simulated'])
      equal(ran.code, 0, ran.stderr)
      const events = ran.stdout.trimEnd().split('\n')
      const outside = lines.filter((line) => !line.includes('"inc":')).length
      equal(events.length, format === 'ocsf' ? lines.length - outside : format === 'csv' ? lines.length + 1 : lines.length)
      for (const [seq, line] of lines.entries()) {
        if (format === 'ocsf' && !line.includes('"inc":')) continue
        const leaf = leafHash(line)
        ok(
          events.some((event) => event.includes(leaf) && event.includes(origin) && new RegExp(`\\b${seq}\\b`).test(event)),
          `${format} ${seq}`,
        )
      }
      match(ran.stderr, /^\d+ event\(s\) of the SIMULATED trail/m)
      match(ran.stderr, new RegExp(`^Last: record ${lines.length - 1}, leaf hash ${leafHash(lines.at(-1) ?? '')}$`, 'm'))
      match(ran.stderr, /No export record was written/)
      noSecrets(tenant, ran)
    }
    deepEqual(trailLines(home), lines)
    noSecretsOnDisk(tenant, home)
    ok(id)
  })

  test('a file of an incident is new, 0600 and whole, and the trail says who got it', async (t) => {
    const {home, id} = await worked(t)
    const file = path.join(home.folder, 'incident.ndjson')
    const ran = await run(home, [
      'audit',
      'export',
      '--format',
      'ocsf',
      '--incident',
      id,
      '-o',
      file,
      '--to',
      'soc@acme.example',
      '--json',
    ])
    equal(ran.code, 0, ran.stderr)
    const result = ran.json() as any
    const bytes = readFileSync(file)
    equal(statSync(file).mode & 0o777, 0o600)
    deepEqual([result.sha256, result.size], [createHash('sha256').update(bytes).digest('hex'), bytes.length])
    equal(result.events, bytes.toString().trimEnd().split('\n').length)
    const line = trailLines(home)[result.custody.seq] ?? ''
    equal(leafHash(line), result.custody.leaf)
    const {kind, inc, to, form, sha256, size} = JSON.parse(line) as any
    deepEqual(
      {kind, inc, to, form, sha256, size},
      {kind: 'export', inc: id, to: 'soc@acme.example', form: 'ocsf', sha256: result.sha256, size: result.size},
    )
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)

    const again = await run(home, ['audit', 'export', '--format', 'csv', '--incident', id, '-o', file])
    equal(again.code, 2)
    match(again.stderr, /exists; it was left alone/)
    deepEqual(readFileSync(file), bytes)
  })

  test('filters choose, and an incident brings none of its neighbours', async (t) => {
    const {home, tenant, id} = await worked(t)
    await run(home, ['drill', '--yes'])
    const events = async (...argv: string[]) =>
      (await run(home, ['audit', 'export', '--format', 'jsonl', ...argv])).stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as any).record)
    const mine = await events('--incident', id)
    ok(mine.length > 20 && mine.every((record) => record.inc === id))
    deepEqual(
      mine.map((record) => record.iseq),
      mine.map((_, i) => i),
    )
    const intents = await events('--simulated', '--kind', 'intent')
    ok(intents.length > mine.filter((record) => record.kind === 'intent').length)
    const half = intents[Math.floor(intents.length / 2)].time
    const late = await events('--simulated', '--kind', 'intent', '--since', half)
    const early = await events('--simulated', '--kind', 'intent', '--until', half)
    ok(late.length < intents.length && early.length <= intents.length)
    ok(late.length + early.length >= intents.length)
    deepEqual(await events(), [])
    ok(tenant)
  })

  test('one incident: its events know the session and the credential that acted', async (t) => {
    const {home, tenant, id} = await worked(t)
    const ran = await run(home, ['audit', 'export', '--format', 'ecs', '--incident', id, '--kind', 'outcome'])
    const events = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as any)
    ok(events.length > 3)
    for (const event of events) {
      equal(event.stanch.acting_client, tenant.practice.operator.client_id)
      ok(event.host.hostname && event.http.request.method && event.url.path)
    }
  })

  test('usage: no format, an unknown one, JSON without a file, --to without a file, a file inside the trail: exit 2, nothing written', async (t) => {
    const {home, id} = await worked(t)
    const before = readdirSync(home.data, {recursive: true}).length
    symlinkSync(path.join(home.data, 'trail-sim'), path.join(home.folder, 'way'))
    for (const argv of [
      [],
      ['--format', 'leef'],
      ['--format', 'csv', '--json'],
      ['--format', 'csv', '--to', 'soc'],
      ['--format', 'csv', '--incident', 'inc-20260101-aaaaaa'],
      ['--format', 'csv', '--incident', id, '-o', path.join(home.data, 'trail-sim/x.csv')],
      ['--format', 'csv', '--incident', id, '-o', path.join(home.folder, 'way/records/000000065536.jsonl')],
      ['--format', 'csv', '--incident', id, '-o', path.join(home.data, 'keys/x')],
      ['--format', 'csv', '--until', 'lately'],
    ]) {
      equal((await run(home, ['audit', 'export', ...argv])).code, 2, argv.join(' '))
    }
    equal(readdirSync(home.data, {recursive: true}).length, before)
  })

  test('a file that cannot be written: exit 7, no part of it stays, no export record', async (t) => {
    const {home, id} = await worked(t)
    const lines = trailLines(home)
    const file = path.join(home.folder, 'nowhere/x.csv')
    equal((await run(home, ['audit', 'export', '--format', 'csv', '--incident', id, '-o', file])).code, 7)
    ok(!existsSync(file))
    deepEqual(trailLines(home), lines)
  })

  test('a changed, missing or foreign record is not passed on: exit 7 at the record, and no file', async (t) => {
    const {home} = await worked(t)
    const segment = path.join(home.data, 'trail-sim/records/000000000000.jsonl')
    const good = readFileSync(segment, 'utf8')
    const lines = good.trimEnd().split('\n')
    const file = path.join(home.folder, 'out')
    const salt = 'AAAAAAAAAAAAAAAAAAAAAA'
    const forged = (members: object) =>
      JSON.stringify({
        v: 1,
        seq: lines.length,
        prev: leafHash(lines.at(-1) ?? ''),
        salt,
        time: '2026-11-22T00:00:00.000Z',
        kind: 'note',
        ...members,
      })
    const damages: Record<string, string> = {
      changed: good.replace('"role":"lead"', '"role":"join"'),
      removed: lines.toSpliced(4, 1).join('\n') + '\n',
      swapped: [...lines.slice(0, 4), lines[5], lines[4], ...lines.slice(6)].join('\n') + '\n',
      'not json': `${good}garbage\n`,
      repeated: `${good}${lines.at(-1)}\n`,
      'a member twice': `${good}${forged({text: 'a'}).replace('"text":', '"text":"b","text":')}\n`,
      'a token in it': `${good}${forged({text: `eyJhbGciOiJub25lIn0.${'x'.repeat(20)}.`})}\n`,
    }
    for (const [name, text] of Object.entries(damages)) {
      writeFileSync(segment, text)
      const ran = await run(home, ['audit', 'export', '--format', 'jsonl', '--simulated', '-o', file])
      equal(ran.code, name === 'a token in it' ? 1 : 7, `${name}: ${ran.stderr}`)
      ok(!existsSync(file) && !readdirSync(home.folder).some((one) => one.endsWith('.tmp')), name)
    }
    writeFileSync(segment, `${good}{"v":1,"seq":`)
    equal((await run(home, ['audit', 'export', '--format', 'jsonl', '--simulated', '-o', file])).code, 0)
  })

  test('--follow streams what is appended, also to a trail that did not exist; Ctrl-C ends it with 0', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const follower = following(t, home, ['audit', 'export', '--format', 'jsonl', '--simulated', '--follow'])
    const shower = following(t, home, ['audit', 'show', '--simulated', '--follow', '--kind', 'outcome'])
    await contained(home, tenant)
    const last = trailLines(home).at(-1) ?? ''
    await follower.shows(new RegExp(leafHash(last)))
    await shower.shows(/outcome {2}client_secret\.rotate/)
    follower.kill('SIGINT')
    shower.kill('SIGINT')
    equal(await follower.ended, 0, follower.out.stderr)
    equal(await shower.ended, 0, shower.out.stderr)
    const events = follower.out.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as any)
    deepEqual(
      events.map((event) => JSON.stringify(event.record)),
      trailLines(home),
    )
    match(follower.out.stderr, /event\(s\) of the SIMULATED trail/)
    ok(shower.out.stdout.split('\n').every((line) => line.length <= 80))
  })

  test('--follow notices that the log was cut under it', async (t) => {
    const {home} = await worked(t)
    const follower = following(t, home, ['audit', 'export', '--format', 'jsonl', '--simulated', '--follow'])
    await follower.shows(new RegExp(leafHash(trailLines(home).at(-1) ?? '')))
    truncateSync(path.join(home.data, 'trail-sim/records/000000000000.jsonl'), 1000)
    equal(await follower.ended, 7)
    match(follower.out.stderr, /E_SHRUNK/)
  })

  test('--follow waits for the end of a line that is being written', async (t) => {
    const {home} = await worked(t)
    const segment = path.join(home.data, 'trail-sim/records/000000000000.jsonl')
    const lines = trailLines(home)
    const follower = following(t, home, ['audit', 'export', '--format', 'jsonl', '--simulated', '--follow'])
    const record = JSON.stringify({
      v: 1,
      seq: lines.length,
      prev: leafHash(lines.at(-1) ?? ''),
      salt: 'AAAAAAAAAAAAAAAAAAAAAA',
      time: '2026-11-22T00:00:00.000Z',
      kind: 'note',
      text: 'late',
    })
    appendFileSync(segment, record.slice(0, 60))
    await follower.shows(new RegExp(leafHash(lines.at(-1) ?? '')))
    appendFileSync(segment, `${record.slice(60)}\n`)
    await follower.shows(new RegExp(leafHash(record)))
    follower.kill('SIGTERM')
    equal(await follower.ended, 0)
  })

  test('a reader who leaves ends the export quietly', async (t) => {
    const {home} = await worked(t)
    const child = spawn(
      'sh',
      ['-c', `"$0" "$1" audit export --format jsonl --simulated --follow | head -n 1`, process.execPath, MAIN],
      {env: home.env, stdio: ['ignore', 'pipe', 'pipe']},
    )
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdout.resume()
    t.after(() => void child.kill('SIGKILL'))
    const ended = once(child, 'close')
    // It learns that nobody reads when it has something to write: let there be something until it ends.
    for (let i = 0; i < 6 && child.exitCode === null; i++) await run(home, ['drill', '--yes'])
    const [code] = (await ended) as [number]
    equal(code, 0)
    ok(!/Error|internal/.test(stderr), stderr)
  })
})

describe('copies on the way', () => {
  test('a file and a collector get every record of an incident; the trail has what they have', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    let heard = ''
    const server = net.createServer((socket) => socket.setEncoding('utf8').on('data', (text: string) => (heard += text)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const copy = path.join(home.folder, 'copy.jsonl')
    const env = {
      ...tenant.connection,
      STANCH_COPY_FILE: copy,
      STANCH_COPY_TO: `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    }
    await contained(home, {...tenant, connection: env})
    const original = `${trailLines(home).join('\n')}\n`
    equal(readFileSync(copy, 'utf8'), original)
    equal(heard, original)
    for (const secret of tenant.tenant.knownSecrets()) ok(!heard.includes(secret))
  })

  test('a dead collector and a copy that cannot be opened: contained all the same, said at the end, nothing lost', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    mkdirSync(path.join(home.folder, 'a-folder'))
    const env = {...tenant.connection, STANCH_COPY_FILE: path.join(home.folder, 'a-folder'), STANCH_COPY_TO: 'tcp://127.0.0.1:1'}
    const {ran} = await contained(home, {...tenant, connection: env})
    equal((ran.json() as any).status, 'contained')
    match(ran.stderr, /The copy of the trail to tcp:\/\/127\.0\.0\.1:1 fails: ECONNREFUSED/)
    match(ran.stderr, /\d+ of \d+ records did not get to file:.*a-folder \(EISDIR\)/)
    match(ran.stderr, /\d+ of \d+ records did not get to tcp:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/)
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
  })

  test('a copy that would go into the trail itself, or in clear text to another machine: exit 2 before anything is sent', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    for (const env of [
      {STANCH_COPY_FILE: path.join(home.data, 'trail-sim/records/000000000000.jsonl')},
      {STANCH_COPY_FILE: 'relative'},
      {STANCH_COPY_TO: 'tcp://198.51.100.7:514'},
      {STANCH_COPY_TO: 'nonsense'},
    ]) {
      await contained(home, {...tenant, connection: {...tenant.connection, ...env}}, {expect: 2})
    }
    deepEqual(tenant.tenant.changes(), [])
  })
})

describe('diagnostics', () => {
  test('silent or trace: the trail holds the same kinds of records with the same members, and not one byte of diagnostics', async (t) => {
    const at = async (level: string) => {
      const home = newHome(t)
      const tenant = await practiceTenant(t, home)
      const {ran} = await contained(home, tenant, {more: ['--log-level', level]})
      const lines = trailLines(home)
      return {
        ran,
        lines,
        files: readdirSync(path.join(home.data, 'trail-sim')).toSorted(),
        shapes: new Set(lines.map((line) => shapeOf(line))),
      }
    }
    const [silent, trace] = [await at('silent'), await at('trace')]
    const diagnostics = trace.ran.stderr.split('\n').filter((line) => line.startsWith('{"level":'))
    ok(diagnostics.length > 0, 'trace wrote no diagnostics: this test would show nothing')
    ok(!silent.ran.stderr.includes('{"level":'))
    deepEqual([...trace.shapes].toSorted(), [...silent.shapes].toSorted())
    deepEqual(trace.files, silent.files)
    for (const line of diagnostics) ok(!trace.lines.includes(line))
    ok(!trace.lines.some((line) => line.includes('"level":')))
  })

  test('no file of the trail imports the diagnostics', () => {
    const files = readdirSync(path.join(ROOT, 'src/trail'), {recursive: true, encoding: 'utf8'}).filter((file) =>
      file.endsWith('.ts'),
    )
    ok(files.length > 20)
    for (const file of files) ok(!/from '[./]*\/logger\.ts'/.test(readFileSync(path.join(ROOT, 'src/trail', file), 'utf8')), file)
  })
})

/** What a record is about and which members it has: the same in two runs on the same tenant, however often one probes. */
function shapeOf(line: string): string {
  const record = JSON.parse(line) as any
  const target = String(record.target ?? '')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/^tenant_log:.*\.\..*$/, 'tenant_log:ENTRIES')
  return [record.kind, record.action, target, record.result, record.question, record.answer, ...Object.keys(record)].join(' ')
}
