import {spawn} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {type Files, writeFiles} from '../support/damaged-log.ts'
import {ROOT} from '../support/tree.ts'
import {readVectors, type Trust, type Vector} from '../vectors/make.ts'

/*
 * Two verifiers that share no code must agree: ours and the Python one that goes into every bundle. All vectors, then
 * random changes of the sound ones (MUTATIONS, SEED). `node test/interop/python.ts`; needs python3 and openssl 3.
 */

const VERIFIER = join(ROOT, 'src/report/verify.py')
const MUTATIONS = Number(process.env['MUTATIONS'] ?? 300)
const SEED = Number(process.env['SEED'] ?? 20_261_122)
const WORKERS = 2
const work = mkdtempSync(join(tmpdir(), 'stanch-python-'))

interface Answer {
  readonly exit: number
  readonly text: string
}

function python(folder: string, trust: Trust): Promise<Answer> {
  const args = [VERIFIER, folder]
  if (trust.vkey !== undefined) args.push('--vkey', trust.vkey)
  if (trust.first !== undefined) args.push('--first', trust.first)
  for (const witness of trust.witness ?? []) args.push('--witness', witness)
  for (const [i, text] of (trust.known ?? []).entries()) {
    const file = `${folder}.known-${i}`
    writeFileSync(file, text)
    args.push('--known', file)
  }
  return new Promise((resolve, reject) => {
    const child = spawn('python3', args, {stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000})
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part))
    child.on('error', reject).on('close', (code) => resolve({exit: code ?? -1, text}))
  })
}

function ours(folder: string, trust: Trust): Answer {
  const {ok, complete, findings} = verifyFolder(folder, trust)
  return {exit: ok ? (complete ? 0 : 3) : 1, text: findings.map(({kind, detail}) => `${kind}: ${detail}`).join('\n')}
}

let [passed, failed] = [0, 0]
function judge(name: string, problem: string | undefined): void {
  if (problem === undefined) passed++
  else {
    failed++
    process.stdout.write(`FAIL ${name}: ${problem}\n`)
  }
}

async function vector({name, files, trust, exit, reason}: Vector, folder: string): Promise<void> {
  writeFiles(folder, files)
  const [one, other] = [ours(folder, trust), await python(folder, trust)]
  if (one.exit !== exit) judge(name, `ours says ${one.exit}, due ${exit}`)
  else if (other.exit !== exit) judge(name, `python says ${other.exit}, due ${exit}:\n${other.text}`)
  else if (reason !== undefined && !other.text.includes(reason)) judge(name, `python does not say "${reason}":\n${other.text}`)
  else judge(name, undefined)
}

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function mutated(files: Files, next: () => number): {files: Files; what: string} {
  const names = Object.keys(files).filter((name) => files[name]!.length > 0)
  const name = names[Math.floor(next() * names.length)]!
  const bytes = Buffer.from(files[name]!)
  const at = Math.floor(next() * bytes.length)
  const kind = Math.floor(next() * 5)
  const to = Math.floor(next() * bytes.length)
  const [from, end] = [Math.min(at, to), Math.max(at, to)]
  const changed = [
    () => (bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(next() * 8)), at), bytes),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.of(Math.floor(next() * 256)), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, from), bytes.subarray(end)]),
    () => Buffer.concat([bytes.subarray(0, end), bytes.subarray(from, end), bytes.subarray(end)]),
  ][kind]!()
  return {files: {...files, [name]: changed}, what: `${name}, change ${kind} at ${at}`}
}

async function mutation(number: number, sound: readonly Vector[], folder: string): Promise<void> {
  const next = random(SEED + number)
  const base = sound[Math.floor(next() * sound.length)]!
  const {files, what} = mutated(base.files, next)
  writeFiles(folder, files)
  const [one, other] = [ours(folder, base.trust), await python(folder, base.trust)]
  judge(
    `mutation ${number} of "${base.name}" (${what})`,
    one.exit === other.exit ? undefined : `ours ${one.exit}, python ${other.exit}\n${one.text}\n${other.text}`,
  )
}

async function all(count: number, each: (index: number, folder: string) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (id: number): Promise<void> => {
    for (let index = next++; index < count; index = next++) await each(index, join(work, `worker-${id}`))
  }
  await Promise.all(Array.from({length: WORKERS}, (_, id) => worker(id)))
}

try {
  mkdirSync(work, {recursive: true})
  const vectors = readVectors()
  await all(vectors.length, (index, folder) => vector(vectors[index]!, folder))
  process.stdout.write(
    `vectors: ${vectors.length}, of which ${vectors.filter(({exit}) => exit === 1).length} must fail, by both verifiers\n`,
  )
  const sound = vectors.filter(({exit}) => exit === 0)
  await all(MUTATIONS, (index, folder) => mutation(index, sound, folder))
  process.stdout.write(`mutations: ${MUTATIONS} from seed ${SEED}\n`)
} finally {
  rmSync(work, {recursive: true, force: true})
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
