import {equal, match, ok} from 'node:assert/strict'
import {generateKeyPairSync, hash} from 'node:crypto'
import {cpSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'

import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {filesBelow, readmeCommands, shell, verifyPython} from '../support/bundle.ts'
import {run} from '../support/cli.ts'
import {newHome} from '../support/run-stanch.ts'

/** A bundle in the hands of somebody who changes it and then makes the sums right again. */
class Forger {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  read(name: string): Buffer {
    return readFileSync(path.join(this.folder, name))
  }

  write(name: string, bytes: string | Buffer): void {
    rmSync(path.join(this.folder, name), {force: true})
    writeFileSync(path.join(this.folder, name), bytes)
  }

  remove(name: string): void {
    rmSync(path.join(this.folder, name))
  }

  lines(name: string, change: (lines: string[]) => string[]): void {
    const lines = this.read(name).toString('utf8').trimEnd().split('\n')
    this.write(
      name,
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    )
  }

  /** The same on the records and on their proofs. */
  both(change: (lines: string[]) => string[]): void {
    for (const name of ['slice.jsonl', 'slice.proof']) this.lines(name, change)
  }

  /** Number of the record, from 0, whose text matches. */
  at(pattern: RegExp): number {
    return this.read('slice.jsonl')
      .toString('utf8')
      .split('\n')
      .findIndex((line) => pattern.test(line))
  }

  blob(index: number): string {
    return `evidence/${readdirSync(path.join(this.folder, 'evidence')).toSorted()[index]!}`
  }

  sums(): void {
    this.remove('MANIFEST.sha256')
    const lines = [...filesBelow(this.folder)].map(([name, bytes]) => `${hash('sha256', bytes, 'hex')}  ${name}\n`)
    this.write('MANIFEST.sha256', lines.join(''))
  }
}

const without = (index: number) => (lines: string[]) => lines.filter((_, i) => i !== index)
const swapped = (index: number) => (lines: string[]) => lines.with(index, lines[index + 1]!).with(index + 1, lines[index]!)
const flipped = (bytes: Buffer, at: number) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)))

interface Forgery {
  readonly what: string
  readonly forge: (forger: Forger) => void
  /** what the shipped verifier says */
  readonly said: RegExp
  /** which step of the page fails without that verifier; 0 when none does */
  readonly step: number
  /** the shipped verifier's exit code and `ok` of ours, when it is no plain failure */
  readonly exit?: number
}

const INTENT = /"kind":"intent"/
const FORGERIES: readonly Forgery[] = [
  {
    what: 'a record is changed',
    forge: (f) => f.lines('slice.jsonl', (lines) => lines.with(f.at(INTENT), lines[f.at(INTENT)]!.replace('"try":1', '"try":2'))),
    said: /record \d+: not in the signed tree/,
    step: 4,
  },
  {what: 'a record is left out', forge: (f) => f.both(without(f.at(INTENT))), said: /record \d+: iseq gap/, step: 4},
  {
    what: 'the credential that acted is left out',
    forge: (f) => f.both(without(f.at(/"kind":"auth"/))),
    said: /record \d+: iseq gap/,
    step: 4,
  },
  {what: 'a session is left out', forge: (f) => f.both(without(1)), said: /record \d+: unknown session/, step: 0},
  {what: 'record 0 is left out', forge: (f) => f.both(without(0)), said: /does not begin with record 0/, step: 0},
  {what: 'two records change places', forge: (f) => f.both(swapped(12)), said: /the records do not ascend/, step: 4},
  {
    what: 'the last record comes twice',
    forge: (f) => f.both((l) => [...l, l.at(-1)!]),
    said: /the records do not ascend/,
    step: 4,
  },
  {what: 'a proof is missing', forge: (f) => f.lines('slice.proof', without(7)), said: /proof too long or short/, step: 4},
  {what: 'two proofs change places', forge: (f) => f.lines('slice.proof', swapped(7)), said: /its proof is for \d+/, step: 4},
  {
    what: 'a proof has a hash too many',
    forge: (f) => f.lines('slice.proof', (lines) => lines.with(7, `${lines[7]!} ${'A'.repeat(43)}=`)),
    said: /record 7: proof too long/,
    step: 4,
  },
  {
    what: 'the records are cut in the middle of a line',
    forge: (f) => f.write('slice.jsonl', f.read('slice.jsonl').subarray(0, -20)),
    said: /torn last line/,
    step: 2,
  },
  {
    what: 'a blank stands after a colon',
    forge: (f) => f.lines('slice.jsonl', (lines) => lines.with(5, lines[5]!.replace('":', '": '))),
    said: /not in canonical form.*line 6 /,
    step: 2,
  },
  {
    what: 'a drill is called real',
    forge: (f) => f.write('slice.jsonl', f.read('slice.jsonl').toString('utf8').replaceAll('"mode":"sim"', '"mode":"real"')),
    said: /record 0: not in the signed tree/,
    step: 4,
  },
  {
    what: 'another size is signed',
    forge: (f) => {
      for (const name of ['checkpoint', 'checkpoint.body']) f.lines(name, (lines) => lines.with(1, String(Number(lines[1]) + 1)))
    },
    said: /bad signature by/,
    step: 3,
  },
  {
    what: 'another root is signed',
    forge: (f) => {
      for (const name of ['checkpoint', 'checkpoint.body'])
        f.lines(name, (lines) => lines.with(2, Buffer.alloc(32, 7).toString('base64')))
    },
    said: /bad signature by/,
    step: 3,
  },
  {
    what: 'the copy of the signed lines is another one',
    forge: (f) => f.lines('checkpoint.body', (lines) => lines.with(1, '1')),
    said: /copy differs: checkpoint\.body/,
    step: 3,
  },
  {
    what: 'the copy of the signature is flipped',
    forge: (f) => f.write('checkpoint.sig', flipped(f.read('checkpoint.sig'), 3)),
    said: /copy differs: checkpoint\.sig/,
    step: 3,
  },
  {
    what: 'the key is another one',
    forge: (f) =>
      f.write('identity.pub.pem', String(generateKeyPairSync('ed25519').publicKey.export({type: 'spki', format: 'pem'}))),
    said: /copy differs: identity\.pub\.pem/,
    step: 3,
  },
  {
    what: 'a piece of evidence is changed',
    forge: (f) => f.write(f.blob(2), flipped(f.read(f.blob(2)), 40)),
    said: /record \d+: evidence altered: evidence\/[0-9a-f]{64}/,
    step: 5,
  },
  {
    what: 'two pieces of evidence change names',
    forge: (f) => {
      const [one, two] = [f.read(f.blob(0)), f.read(f.blob(1))]
      f.write(f.blob(0), two)
      f.write(f.blob(1), one)
    },
    said: /record \d+: evidence altered/,
    step: 5,
  },
  {
    what: 'a piece of evidence is taken away',
    forge: (f) => f.remove(f.blob(2)),
    said: /incomplete +record \d+: evidence not here: [0-9a-f]{64}/,
    step: 0,
    exit: 3,
  },
  {
    what: 'the plan is another one',
    forge: (f) => f.write('plan.json', f.read('plan.json').toString('utf8').replace('rotate', 'rotatE')),
    said: /record \d+: plan differs/,
    step: 0,
  },
]

test('a bundle that was forged, sums included, is found out and the place is named, by the page, the shipped verifier and ours', async (t) => {
  const home = newHome(t)
  const drill = await run(home, ['drill', '--yes', '--json'])
  equal(drill.code, 0, drill.stderr)
  const whole = path.join(home.folder, 'whole')
  const ran = await run(home, ['bundle', String(drill.json()['incident_id']), '-o', whole, '--json'])
  equal(ran.code, 0, ran.stderr)
  const [page = ''] = readmeCommands(whole)
  const [head = '', ...steps] = page.split(/^(?=# \d )/m)
  equal(steps.length, 6)
  equal(shell(head + steps.slice(0, 5).join(''), whole).code, 0, 'the page finds nothing wrong with what nobody changed')
  for (const {what, forge, said, step, exit = 1} of FORGERIES) {
    const forger = new Forger(path.join(home.folder, 'forged'))
    rmSync(forger.folder, {recursive: true, force: true})
    cpSync(whole, forger.folder, {recursive: true})
    forge(forger)
    forger.sums()
    equal(shell('sha256sum -c --quiet --strict MANIFEST.sha256', forger.folder).code, 0, what)
    const python = verifyPython(forger.folder)
    equal(python.code, exit, `${what}: ${python.output}`)
    match(python.output, said, what)
    const own = verifyFolder(forger.folder)
    equal(own.ok, exit === 3, what)
    equal(own.complete, false, what)
    const wanted = exit === 1 ? 'failed' : 'incomplete'
    ok(
      own.findings.some(({severity}) => severity === wanted),
      what,
    )
    const failed = steps.slice(0, 5).findIndex((one) => shell(head + one, forger.folder).code !== 0) + 1
    equal(failed, step, `${what}: step of the page`)
  }
})

test('a pipe in the place of a file hangs neither verifier', {skip: process.platform === 'win32'}, async (t) => {
  const home = newHome(t)
  const drill = await run(home, ['drill', '--yes', '--json'])
  const whole = path.join(home.folder, 'whole')
  equal((await run(home, ['bundle', String(drill.json()['incident_id']), '-o', whole, '--json'])).code, 0)
  const [blob = ''] = readdirSync(path.join(whole, 'evidence'))
  for (const name of [
    'slice.jsonl',
    'slice.proof',
    'slice.consistency',
    'checkpoint',
    'plan.json',
    'manifest.json',
    'MANIFEST.sha256',
    `evidence/${blob}`,
  ]) {
    const copy = path.join(home.folder, 'copy')
    rmSync(copy, {recursive: true, force: true})
    cpSync(whole, copy, {recursive: true})
    rmSync(path.join(copy, name), {force: true})
    equal(shell(`mkfifo '${name}'`, copy).code, 0)
    const python = verifyPython(copy)
    equal(python.code, 1, `${name}: ${python.output}`)
    match(python.output, /^NOT VERIFIED/, name)
    equal(verifyFolder(copy).ok, false, name)
  }
})

test('a bundle without its sums, and a file that no sum covers, are said', async (t) => {
  const home = newHome(t)
  const drill = await run(home, ['drill', '--yes', '--json'])
  const whole = path.join(home.folder, 'whole')
  equal((await run(home, ['bundle', String(drill.json()['incident_id']), '-o', whole, '--json'])).code, 0)
  writeFileSync(path.join(whole, 'note.txt'), 'x')
  match(verifyPython(whole).output, /note +file beside the manifest: 'note\.txt'/)
  ok(verifyFolder(whole).findings.some(({kind, detail}) => kind === 'file beside the manifest' && detail.includes('note.txt')))
  rmSync(path.join(whole, 'MANIFEST.sha256'))
  equal(verifyPython(whole).code, 1)
  match(verifyPython(whole).output, /failed +manifest: MANIFEST\.sha256 is missing/)
  equal(verifyFolder(whole).ok, false)
})
