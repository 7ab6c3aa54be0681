import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {type DamagedLog, type Files, longLog, nineRecords, writeFiles} from '../support/damaged-log.ts'

/*
 * Every single-bit flip of every file of a small log, and 100,000 random ones (FLIPS, SEED) of a larger log, must be
 * detected. `node test/crash/bit-flips.ts`; some minutes, shared out to two processes.
 */

const FLIPS = Number(process.env['FLIPS'] ?? 100_000)
const SEED = Number(process.env['SEED'] ?? 20_261_122)
const WITNESS = 'stanch.local/witness/bob+1a1300e1+BAk+Zjw1fqMDMW4ttkdaZZqbDS47+wNVp5MfWs3v0x4J'
const PARTS = 2
/** Which share this process takes; undefined in the one that shares out. */
const PART = process.env['PART'] === undefined ? undefined : Number(process.env['PART'])
const folder = mkdtempSync(join(tmpdir(), 'stanch-flips-'))
let [passed, failed] = [0, 0]

function flip(files: Files, name: string, bit: number, trust: Parameters<typeof verifyFolder>[1]): void {
  const bytes = Buffer.from(files[name]!)
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  writeFileSync(join(folder, name), bytes)
  if (verifyFolder(folder, trust).ok) {
    failed++
    process.stdout.write(`FAIL bit ${bit & 7} of byte ${bit >> 3} of ${name} is not detected\n`)
  } else passed++
  writeFileSync(join(folder, name), files[name]!)
}

function sound(log: DamagedLog, witness: boolean): {files: Files; trust: Parameters<typeof verifyFolder>[1]} {
  const files = log.files()
  const trust = {vkey: log.identity.vkey.text, ...(witness ? {witness: [WITNESS]} : {})}
  writeFiles(folder, files)
  const {ok, complete, findings} = verifyFolder(folder, trust)
  if (!ok || !complete) throw new Error(`the log itself does not verify: ${JSON.stringify(findings)}`)
  return {files, trust}
}

function exhaustive(): void {
  const {files, trust} = sound(nineRecords(), true)
  for (const name of Object.keys(files))
    for (let bit = PART ?? 0; bit < files[name]!.length * 8; bit += PARTS) flip(files, name, bit, trust)
  process.stdout.write(
    `small log: ${passed + failed} bits of ${Object.keys(files).length} files flipped one by one, ${failed} not detected\n`,
  )
}

/** Notes more, so that a flip can hide among many records. */
function larger(): DamagedLog {
  const log = longLog()
  for (let i = 0; i < 80; i++) log.add('note', {text: `note ${i} ä ✓`}, 's-01')
  return log.sign()
}

function random(): void {
  const {files, trust} = sound(larger(), true)
  const names = Object.keys(files)
  const total = names.reduce((sum, name) => sum + files[name]!.length * 8, 0)
  let state = (SEED + (PART ?? 0)) >>> 0
  const before = failed
  for (let i = PART ?? 0; i < FLIPS; i += PARTS) {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    let bit = Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * total)
    for (const name of names) {
      const bits = files[name]!.length * 8
      if (bit < bits) {
        flip(files, name, bit, trust)
        break
      }
      bit -= bits
    }
  }
  process.stdout.write(
    `larger log of ${String(total / 8)} bytes: every ${PARTS}nd of ${FLIPS} random bits from seed ${SEED + (PART ?? 0)}, ${failed - before} not detected\n`,
  )
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

try {
  if (PART === undefined) await shareOut()
  else {
    exhaustive()
    random()
  }
} finally {
  rmSync(folder, {recursive: true, force: true})
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
