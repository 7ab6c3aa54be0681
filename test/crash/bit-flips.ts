import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {type DamagedLog, type Files, longLog, nineRecords, writeFiles} from '../support/damaged-log.ts'

/*
 * Every single-bit flip of every file of a small log, and 100,000 random ones (FLIPS, SEED) of a larger log, must be
 * detected. `node test/crash/bit-flips.ts`; some minutes.
 */

const FLIPS = Number(process.env['FLIPS'] ?? 100_000)
const SEED = Number(process.env['SEED'] ?? 20_261_122)
const WITNESS = 'stanch.local/witness/bob+1a1300e1+BAk+Zjw1fqMDMW4ttkdaZZqbDS47+wNVp5MfWs3v0x4J'
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
  for (const name of Object.keys(files)) for (let bit = 0; bit < files[name]!.length * 8; bit++) flip(files, name, bit, trust)
  process.stdout.write(
    `small log: all ${passed + failed} bits of ${Object.keys(files).length} files flipped one by one, ${failed} not detected\n`,
  )
}

/** Some hundred notes more, so that a flip can hide among many records. */
function larger(): DamagedLog {
  const log = longLog()
  for (let i = 0; i < 200; i++) log.add('note', {text: `note ${i} ä ✓`}, 's-01')
  return log.sign()
}

function random(): void {
  const {files, trust} = sound(larger(), true)
  const names = Object.keys(files)
  const total = names.reduce((sum, name) => sum + files[name]!.length * 8, 0)
  let state = SEED >>> 0
  const before = failed
  for (let i = 0; i < FLIPS; i++) {
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
    `larger log of ${String(total / 8)} bytes: ${FLIPS} random bits from seed ${SEED}, ${failed - before} not detected\n`,
  )
}

try {
  exhaustive()
  random()
} finally {
  rmSync(folder, {recursive: true, force: true})
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
