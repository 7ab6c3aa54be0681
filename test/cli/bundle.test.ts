import {deepEqual, equal, match, notEqual, ok} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {BLINDING_VERSION} from '../../src/report/blinding.ts'
import {spellings} from '../../src/secret.ts'
import {closeIncident, filesBelow, readmeCommands, shell, trailOf, verifyPython} from '../support/bundle.ts'
import {contained, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home} from '../support/run-stanch.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'

/** Ends the process as soon as it asks for a name or a connection. */
const NO_NETWORK = `data:text/javascript,${encodeURIComponent(`
const stop = () => { process.stderr.write('NETWORK'); process.exit(99) }
process.getBuiltinModule('node:net').Socket.prototype.connect = stop
const dns = process.getBuiltinModule('node:dns'); dns.lookup = stop; dns.promises.lookup = stop
globalThis.fetch = stop
`)}`

async function drilled(t: TestContext): Promise<{home: Home; id: string}> {
  const home = newHome(t)
  const ran = await run(home, ['drill', '--yes', '--json'])
  equal(ran.code, 0, ran.stderr)
  return {home, id: String(ran.json()['incident_id'])}
}

/** The same machine once more, as it is now. */
function twin(home: Home, name: string): Home {
  const data = path.join(home.folder, name)
  cpSync(home.data, data, {recursive: true})
  return {...home, data, env: {...home.env, STANCH_DATA_DIR: data}}
}

async function bundled(
  home: Home,
  id: string,
  name: string,
  ...more: string[]
): Promise<{folder: string; result: Record<string, any>}> {
  const folder = path.join(home.folder, name)
  const ran = await run(home, ['bundle', id, '--output', folder, '--json', ...more], {nodeArgs: ['--import', NO_NETWORK]})
  equal(ran.code, 0, ran.stderr + ran.stdout)
  return {folder, result: ran.json()}
}

function flip(file: string, at: number): void {
  chmodSync(file, 0o600)
  const bytes = readFileSync(file)
  bytes[at]! ^= 1
  writeFileSync(file, bytes)
}

describe('stanch bundle', () => {
  test('what its page tells an auditor to run, runs: an open incident is verified but incomplete', async (t) => {
    const {home, id} = await drilled(t)
    const {folder, result} = await bundled(home, id, 'out')
    const [check = '', look = '', ...more] = readmeCommands(folder)
    deepEqual(more, [])
    const checked = shell(check, folder)
    equal(checked.code, 3, checked.output)
    match(checked.output, /Signature Verified Successfully/)
    match(checked.output, /\d+ records are in the signed tree of size \d+/)
    match(checked.output, /VERIFIED BUT INCOMPLETE: slice, SIMULATED/)
    match(checked.output, /anchors: first record/)
    const looked = shell(look, folder)
    equal(looked.code, 0, looked.output)
    const lines = looked.output.split('\n')
    const echoed = lines.findIndex((line, i) => /^[0-9a-f]{56}$/.test(line) && lines[i + 1] === line)
    ok(echoed > 0, `the hash of an intent and its correlation id are equal:\n${looked.output}`)
    const plan = hash('sha256', readFileSync(path.join(folder, 'plan.json')), 'hex')
    ok(looked.output.includes(`${plan}  plan.json`) && looked.output.includes(`yes\t${plan}`))
    equal(result['complete'], false)
    // the product's own verifier agrees
    const verified = verifyFolder(folder)
    equal(verified.ok, true)
    equal(verified.complete, false)
    // a reader that closes the pipe has verified nothing, and sees no trace of the program
    const cut = shell(`set +e; python3 verify.py . | true; echo "\${PIPESTATUS[0]}"`, folder)
    equal(cut.output, '1\n')
  })

  test('a closed incident is verified, exit 0, and bundled again it gives the same bytes', async (t) => {
    const {home, id} = await drilled(t)
    await closeIncident(home, id)
    const {folder, result} = await bundled(home, id, 'out')
    const [check = ''] = readmeCommands(folder)
    const checked = shell(check, folder)
    equal(checked.code, 0, checked.output)
    match(checked.output, /VERIFIED: slice/)
    equal(result['complete'], true)
    // what happened on the machine since, the export record included, changes nothing
    equal((await run(home, ['drill', '--yes', '--json'])).code, 0)
    const again = await bundled(home, id, 'again')
    deepEqual(filesBelow(again.folder), filesBelow(folder))
    equal(again.result['sha256'], result['sha256'])
    notEqual((again.result['custody'] as any).seq, (result['custody'] as any).seq)
  })

  test('the same state gives the same bytes on another machine, as a folder and as an archive', async (t) => {
    const {home, id} = await drilled(t)
    const others = [twin(home, 'a'), twin(home, 'b'), twin(home, 'c'), twin(home, 'd')] as const
    const [one, two] = [await bundled(others[0], id, 'one'), await bundled(others[1], id, 'two')]
    deepEqual(filesBelow(one.folder), filesBelow(two.folder))
    const [three, four] = [await bundled(others[2], id, 'three.tar', '--tar'), await bundled(others[3], id, 'four.tar', '--tar')]
    deepEqual(readFileSync(three.folder), readFileSync(four.folder))
    equal(three.result['sha256'], hash('sha256', readFileSync(three.folder), 'hex'))
    const unpacked = shell(`tar -tvf three.tar > list; mkdir unpacked; tar -xf three.tar -C unpacked; cat list`, home.folder)
    equal(unpacked.code, 0, unpacked.output)
    const inside = path.join(home.folder, 'unpacked', id)
    deepEqual(filesBelow(inside), filesBelow(one.folder))
    equal(verifyPython(inside).code, 3)
  })

  test('one flipped byte in any file is rejected, and a changed record is named', async (t) => {
    const {home, id} = await drilled(t)
    const {folder} = await bundled(home, id, 'out')
    const names = [...filesBelow(folder).keys()]
    const kinds = [
      'slice.jsonl',
      'slice.proof',
      'checkpoint',
      'checkpoint.body',
      'checkpoint.sig',
      'identity.pub.pem',
      'plan.json',
      'evidence.html',
      'page/data.js',
      'page/evidence.js',
      'report.html',
      'report.md',
      'QUESTIONS.md',
      'README.md',
      'verify.py',
      'manifest.json',
      'MANIFEST.sha256',
    ]
    for (const kind of kinds) ok(names.includes(kind), kind)
    const blobs = names.filter((name) => name.startsWith('evidence/'))
    ok(blobs.length >= 5)
    for (const name of [...kinds, ...blobs]) {
      const copy = path.join(home.folder, 'copy')
      rmSync(copy, {recursive: true, force: true})
      cpSync(folder, copy, {recursive: true})
      const size = readFileSync(path.join(copy, name)).length
      flip(path.join(copy, name), Math.floor(size / 2))
      notEqual(shell('sha256sum -c --quiet --strict MANIFEST.sha256', copy).code, 0, name)
      const said = verifyPython(copy)
      equal(said.code, 1, `${name}: ${said.output}`)
      match(said.output, /^NOT VERIFIED: /)
      // whoever also puts the sums right is found out all the same, where a signature covers the file
      if (!/^(slice|checkpoint|identity|evidence)/.test(name)) continue
      rmSync(path.join(copy, 'MANIFEST.sha256'))
      equal(verifyPython(copy).code, 1, `${name} without the sums`)
    }
  })

  test('the record that was changed, left out or moved is the one that is named', async (t) => {
    const {home, id} = await drilled(t)
    const {folder} = await bundled(home, id, 'out')
    const file = path.join(folder, 'slice.jsonl')
    const proofs = path.join(folder, 'slice.proof')
    chmodSync(file, 0o600)
    chmodSync(proofs, 0o600)
    for (const name of ['MANIFEST.sha256', 'manifest.json']) rmSync(path.join(folder, name), {force: true})
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const paths = readFileSync(proofs, 'utf8').trimEnd().split('\n')
    const put = (records: readonly string[], ways: readonly string[]) => {
      writeFileSync(file, records.map((line) => `${line}\n`).join(''))
      writeFileSync(proofs, ways.map((line) => `${line}\n`).join(''))
      return [verifyPython(folder).output, verifyFolder(folder).first_bad] as const
    }
    const at = lines.findIndex((line) => line.includes('"kind":"outcome"'))
    const seq = (JSON.parse(lines[at]!) as {seq: number}).seq
    for (const [change, expected] of [
      [
        lines.map((line, i) => (i === at ? line.replace('"status":200', '"status":201') : line)),
        new RegExp(`failed +record ${seq}: not in the signed tree`),
      ],
      [
        lines.map((line, i) => (i === at ? line.replace('"result":"ok"', '"result": "ok"') : line)),
        new RegExp(`not in canonical form.*line ${at + 1} `),
      ],
    ] as const) {
      const [python, own] = put(change, paths)
      match(python, expected)
      ok(own !== undefined && (own.seq === undefined || own.seq === seq), JSON.stringify(own))
    }
    const without = (list: readonly string[]) => list.filter((_, i) => i !== at)
    const [python, own] = put(without(lines), without(paths))
    match(python, new RegExp(`failed +record ${seq + 1}: .*(prev does not match|iseq gap)`))
    equal(own?.seq, seq + 1)
    const last = put(lines.slice(0, -1), paths.slice(0, -1))
    match(
      last[0],
      /VERIFIED BUT INCOMPLETE/,
      'the newest record of an open incident can be missing: that is what incomplete says',
    )
  })

  test('no secret of the tenant is in it, in any spelling, and nothing was asked of the network', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {id} = await contained(home, tenant)
    const {folder} = await bundled(home, id, 'out')
    const secrets = tenant.tenant.knownSecrets().flatMap((secret) => spellings(secret))
    ok(secrets.length > 20)
    for (const [name, bytes] of filesBelow(folder)) {
      const text = bytes.toString('latin1')
      for (const secret of secrets) ok(!text.includes(secret), `a secret stands in ${name}`)
      ok(!text.includes('PRIVATE KEY'), name)
    }
    const keys = [...filesBelow(path.join(home.data, 'keys')).values()].map((bytes) => bytes.toString('latin1'))
    for (const bytes of filesBelow(folder).values())
      for (const key of keys) if (key.includes('PRIVATE')) ok(!bytes.toString('latin1').includes(key))
  })

  test('--blind leaves no address of a user in the evidence; records name both hashes, the manifest the originals', async (t) => {
    const {home, id} = await drilled(t)
    const plain = await bundled(twin(home, 'plain'), id, 'plain-out')
    const address = '203.0.113.66'
    ok(
      [...filesBelow(plain.folder).values()].some((bytes) => bytes.includes(address)),
      'the drill has an address to blind',
    )
    const {folder, result} = await bundled(home, id, 'blind-out', '--blind')
    for (const [name, bytes] of filesBelow(folder)) ok(!bytes.includes(address), name)
    ok((result['blinded'] as number) >= 2)
    const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as any
    equal(manifest.withheld.length, result['withheld'])
    const records = readFileSync(path.join(folder, 'slice.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as any)
    for (const one of manifest.withheld) {
      ok(!existsSync(path.join(folder, 'evidence', one.sha256)), 'the original stays with its holder')
      ok(existsSync(path.join(folder, 'evidence', one.blinded_copy)))
      ok(one.holder !== '' && one.retention !== '' && one.blinding_version === BLINDING_VERSION)
      const record = records.find((line) => line.action === 'evidence.blinded' && line.evidence === one.blinded_copy)
      ok(record.finding.includes(one.sha256) && record.finding.includes(`version ${BLINDING_VERSION}`), record.finding)
    }
    match(readFileSync(path.join(folder, 'README.md'), 'utf8'), /blinded copy/)
    const [check = ''] = readmeCommands(folder)
    equal(shell(check, folder).code, 3)
    // nothing but identifiers was taken: the copy has as many entries
    const log = manifest.withheld.map((one: any) => readFileSync(path.join(folder, 'evidence', one.blinded_copy), 'utf8'))
    ok(log.some((text: string) => text.split('\n').length > 10 && text.includes('hmac-sha256:')))
  })

  test('--blind hands out no copy that older rules made: it is withheld like an original', async (t) => {
    const {home, id} = await drilled(t)
    const old = '{"because":"its token was issued to 203.0.113.66: new"}'
    const sha256 = hash('sha256', old, 'hex')
    writeFileSync(path.join(home.data, 'trail-sim/evidence', sha256), old)
    const trail = await trailOf(home, 'sim')
    const finding = `blinded copy, version 1, of evidence ${'0'.repeat(64)}: 3 values are keyed fingerprints`
    trail.append({kind: 'observe', inc: id, action: 'evidence.blinded', finding, count: 3, evidence: sha256})
    trail.close('done')
    const {folder} = await bundled(home, id, 'blind-out', '--blind')
    for (const [name, bytes] of filesBelow(folder)) ok(!bytes.includes('203.0.113.66'), name)
    const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as any
    match(manifest.withheld.find((one: any) => one.sha256 === sha256).why, /blinded copy by older rules/)
    const [check = ''] = readmeCommands(folder)
    equal(shell(check, folder).code, 3)
  })

  test('evidence that holds a token, however it came there, stops the bundle before anything is written', async (t) => {
    const {home, id} = await drilled(t)
    const token = `{"note":"eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}"}`
    const sha256 = hash('sha256', token, 'hex')
    writeFileSync(path.join(home.data, 'trail-sim/evidence', sha256), token)
    const trail = await trailOf(home, 'sim')
    trail.append({kind: 'observe', inc: id, action: 'smuggled', finding: 'x', evidence: sha256})
    trail.close('done')
    const ran = await run(home, ['bundle', id, '-o', 'out', '--json'])
    equal((ran.json() as any).error.code, 'E_SECRET', ran.stdout)
    equal(ran.code, 1)
    ok(!existsSync(path.join(home.folder, 'out')))
    ok(!ran.stdout.includes('eyJ'))
  })

  test('blinding again, also after the end of the incident, makes no second copy and the same bytes', async (t) => {
    const {home, id} = await drilled(t)
    await closeIncident(home, id)
    const one = await bundled(home, id, 'one', '--blind')
    const two = await bundled(home, id, 'two', '--blind')
    deepEqual(filesBelow(one.folder), filesBelow(two.folder))
    equal(verifyPython(one.folder).code, 0, verifyPython(one.folder).output)
  })

  test('that it was handed out is on record afterwards, with recipient and hash', async (t) => {
    const {home, id} = await drilled(t)
    const {folder, result} = await bundled(home, id, 'out', '--to', 'audit@acme.example')
    const trail = await trailOf(home, 'sim')
    const record = [...trail.records()].find(({seq}) => seq === (result['custody'] as any).seq)!
    trail.close('done')
    equal(record.kind, 'export')
    deepEqual(
      [record['inc'], record['to'], record['form'], record['sha256'], record['size']],
      [
        id,
        'audit@acme.example',
        'stanch-bundle/1 folder',
        hash('sha256', readFileSync(path.join(folder, 'MANIFEST.sha256')), 'hex'),
        result['size'],
      ],
    )
    ok(record.seq >= (result['checkpoint'] as any).size)
    // the next bundle tells of the first
    const next = await bundled(home, id, 'next')
    match(readFileSync(path.join(next.folder, 'QUESTIONS.md'), 'utf8'), /Handed over before: .*audit@acme\.example/)
    match(readFileSync(path.join(next.folder, 'report.md'), 'utf8'), /audit@acme\.example/)
  })

  test('an existing output is left alone, a tampered trail is not bundled, an unknown incident is none', async (t) => {
    const {home, id} = await drilled(t)
    mkdirSync(path.join(home.folder, 'there'))
    writeFileSync(path.join(home.folder, 'file'), 'mine')
    equal((await run(home, ['bundle', id, '-o', 'there'])).code, 2)
    equal((await run(home, ['bundle', id, '--tar', '-o', 'file'])).code, 2)
    equal(readFileSync(path.join(home.folder, 'file'), 'utf8'), 'mine')
    equal((await run(home, ['bundle', id, '-o', path.join(home.data, 'trail-sim', 'x')])).code, 2)
    equal((await run(home, ['bundle', 'inc-20261122-xxxxxx'])).code, 2)
    equal(
      (await run(home, ['bundle', id, '-o', 'jwt', '--to', `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`])).code,
      2,
    )
    const segment = path.join(home.data, 'trail-sim/records/000000000000.jsonl')
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"status":200', '"status":201'))
    const ran = await run(home, ['bundle', id, '-o', 'tampered', '--json'])
    equal(ran.code, 5)
    equal((ran.json() as any).error.code, 'audit.not_verified')
    ok(!existsSync(path.join(home.folder, 'tampered')))
  })
})

describe('stanch report', () => {
  test('says what the trail says, the same bytes each time, and changes nothing', async (t) => {
    const {home, id} = await drilled(t)
    const before = filesBelow(path.join(home.data, 'trail-sim'))
    const one = await run(home, ['report', id], {nodeArgs: ['--import', NO_NETWORK]})
    const two = await run(home, ['report', id, '--format', 'md', '--json'])
    equal(one.code, 0, one.stderr)
    equal((two.json() as any).text, one.stdout)
    match(one.stdout, new RegExp(`^# Incident ${id}\n\n\\*\\*SIMULATED\\*\\*`))
    for (const title of [
      'What was done',
      'What is proven',
      'Until when issued tokens live',
      'Who',
      'What is not known',
      'Course of events',
      'Evidence',
    ]) {
      ok(one.stdout.includes(`\n## ${title}\n`), title)
    }
    deepEqual(filesBelow(path.join(home.data, 'trail-sim')), before)
    equal((await run(home, ['report', 'inc-20261122-xxxxxx'])).code, 2)
  })
})
