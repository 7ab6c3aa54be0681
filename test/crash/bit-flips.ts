import {spawn} from 'node:child_process'
import crypto, {type KeyObject} from 'node:crypto'
import {once} from 'node:events'
import {closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync} from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'
import {availableParallelism, tmpdir} from 'node:os'
import {join} from 'node:path'

import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {type DamagedLog, type Files, longLog, nineRecords, writeFiles} from '../support/damaged-log.ts'

/*
 * Every single-bit flip of every file of a small log, and 100,000 random ones (FLIPS, SEED) of a larger log, must be
 * detected, each by the whole verifier over the whole folder. `node test/crash/bit-flips.ts`; shared out to as many
 * processes as there are cores. A control shows that a miss is seen.
 *
 * What made it slow is taken away without taking anything from the verifier: the folder lies in memory where there is
 * such a place, one byte is changed in place and put back, and Ed25519 answers a question that it answered before (the
 * same key, the same bytes, the same signature) from memory, because a flip leaves most of the signatures as they were.
 */

type Trust = Parameters<typeof verifyFolder>[1]

const FLIPS = Number(process.env['FLIPS'] ?? 100_000)
const SEED = Number(process.env['SEED'] ?? 20_261_122)
const WITNESS = 'stanch.local/witness/bob+1a1300e1+BAk+Zjw1fqMDMW4ttkdaZZqbDS47+wNVp5MfWs3v0x4J'
const PARTS = Math.max(2, availableParallelism())
/** Which share this process takes; undefined in the one that shares out. */
const PART = process.env['PART'] === undefined ? undefined : Number(process.env['PART'])
const MEMORY = '/dev/shm'
let [passed, failed] = [0, 0]

/** Most answers that are remembered. */
const MOST = 10_000

/** Makes node:crypto remember what `verify` answered, by all that the answer depends on: the key, the bytes, the signature. */
function rememberSignatures(): void {
  const {createPublicKey, verify} = crypto
  const keys = new Map<string, KeyObject>()
  const texts = new WeakMap<KeyObject, string>()
  const answers = new Map<string, boolean>()
  const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  Object.assign(crypto, {
    createPublicKey(from: Parameters<typeof createPublicKey>[0]): KeyObject {
      if (!(typeof from === 'object' && 'format' in from && from.format === 'der' && Buffer.isBuffer(from.key)))
        return createPublicKey(from)
      const text = latin1(from.key)
      const key = keys.get(text) ?? createPublicKey(from)
      if (keys.size >= MOST) keys.clear()
      keys.set(text, key)
      texts.set(key, text)
      return key
    },
    verify(algorithm: null, bytes: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
      const text = texts.get(key)
      if (text === undefined) return verify(algorithm, bytes, key, signature)
      const question = [text, bytes.length, latin1(bytes), latin1(signature)].join(' ')
      const answer = answers.get(question) ?? verify(algorithm, bytes, key, signature)
      if (answers.size >= MOST) answers.clear()
      answers.set(question, answer)
      return answer
    },
  })
  syncBuiltinESMExports()
}

/** A folder with the files of a log, of which one bit at a time is wrong. */
class Flipped {
  readonly names: readonly string[]
  readonly #files: Files
  readonly #folder: string
  readonly #open = new Map<string, number>()

  constructor(log: DamagedLog) {
    this.#files = log.files()
    this.names = Object.keys(this.#files)
    this.#folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'stanch-flips-'))
    writeFiles(this.#folder, this.#files)
    for (const name of this.names) this.#open.set(name, openSync(join(this.#folder, name), 'r+'))
  }

  bits(name: string): number {
    return this.#files[name]!.length * 8
  }

  /** What the verifier says of the folder as it stands. */
  verify(trust: Trust): ReturnType<typeof verifyFolder> {
    return verifyFolder(this.#folder, trust)
  }

  /** Does the verifier notice that this bit is wrong? */
  detected(name: string, bit: number, trust: Trust): boolean {
    const [file, at, byte] = [this.#open.get(name)!, bit >> 3, this.#files[name]![bit >> 3]!]
    writeSync(file, Uint8Array.of(byte ^ (1 << (bit & 7))), 0, 1, at)
    const {ok} = this.verify(trust)
    writeSync(file, Uint8Array.of(byte), 0, 1, at)
    return !ok
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file)
    rmSync(this.#folder, {recursive: true, force: true})
  }
}

function expectDetected(flipped: Flipped, name: string, bit: number, trust: Trust): void {
  if (flipped.detected(name, bit, trust)) passed++
  else {
    failed++
    process.stdout.write(`FAIL bit ${bit & 7} of byte ${bit >> 3} of ${name} is not detected\n`)
  }
}

/** Gives `work` the log in a folder, and holds before and after that nothing is wrong with it but what is flipped. */
function withLog(log: DamagedLog, work: (flipped: Flipped, trust: Trust) => void): void {
  const flipped = new Flipped(log)
  const trust = {vkey: log.identity.vkey.text, witness: [WITNESS]}
  const sound = (): void => {
    const {ok, complete, findings} = flipped.verify(trust)
    if (!ok || !complete) throw new Error(`the log itself does not verify: ${JSON.stringify(findings)}`)
  }
  try {
    sound()
    work(flipped, trust)
    sound()
  } finally {
    flipped.close()
  }
}

function exhaustive(part: number): void {
  withLog(nineRecords(), (flipped, trust) => {
    for (const name of flipped.names)
      for (let bit = part; bit < flipped.bits(name); bit += PARTS) expectDetected(flipped, name, bit, trust)
    process.stdout.write(
      `small log: ${passed + failed} bits of ${flipped.names.length} files flipped one by one, ${failed} not detected\n`,
    )
  })
}

/** Who does not ask for the witness does not notice that its line is damaged: such misses must be seen here. */
function control(): void {
  withLog(nineRecords(), (flipped, {vkey} = {}) => {
    let missed = 0
    for (let bit = 0; bit < flipped.bits('checkpoint'); bit++) if (!flipped.detected('checkpoint', bit, {vkey})) missed++
    process.stdout.write(`control: ${missed} bits of a line that nobody asks for are not detected\n`)
    if (missed > 0) passed++
    else {
      failed++
      process.stdout.write('FAIL the control: a flip that is not detected is not seen\n')
    }
  })
}

/** Notes more, so that a flip can hide among many records. */
function larger(): DamagedLog {
  const log = longLog()
  for (let i = 0; i < 80; i++) log.add('note', {text: `note ${i} ä ✓`}, 's-01')
  return log.sign()
}

/** mulberry32: numbers from 0 up to 1 that a seed repeats. */
function* fractions(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ;) {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    yield ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function random(part: number): void {
  withLog(larger(), (flipped, trust) => {
    const total = flipped.names.reduce((sum, name) => sum + flipped.bits(name), 0)
    const numbers = fractions(SEED + part)
    const before = {passed, failed}
    for (let i = part; i < FLIPS; i += PARTS) {
      let bit = Math.floor(numbers.next().value * total)
      const name = flipped.names.find((one) => {
        const here = bit < flipped.bits(one)
        if (!here) bit -= flipped.bits(one)
        return here
      })!
      expectDetected(flipped, name, bit, trust)
    }
    const [done, missed] = [passed + failed - before.passed - before.failed, failed - before.failed]
    process.stdout.write(
      `larger log of ${total / 8} bytes: ${done} of ${FLIPS} random bits, from seed ${SEED + part}, ${missed} not detected\n`,
    )
  })
}

/** All shares side by side; what they printed, and their counts. */
async function shareOut(): Promise<void> {
  const shares = await Promise.all(
    Array.from({length: PARTS}, async (_, part) => {
      const child = spawn(process.execPath, [import.meta.filename], {
        env: {...process.env, PART: String(part)},
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      await once(child, 'close')
      return text
    }),
  )
  for (const text of shares) {
    const [, good = '0', bad = '1'] = /^(\d+) passed, (\d+) failed$/m.exec(text) ?? []
    passed += Number(good)
    failed += Number(bad)
    process.stdout.write(text.replace(/^\d+ passed, \d+ failed\n/m, ''))
  }
}

if (PART === undefined) await shareOut()
else {
  rememberSignatures()
  exhaustive(PART)
  if (PART === 0) control()
  random(PART)
  const {user, system} = process.cpuUsage()
  process.stdout.write(
    `share ${PART}: ${((user + system) / 1e6).toFixed(0)} s of CPU in ${(performance.now() / 1000).toFixed(0)} s\n`,
  )
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
