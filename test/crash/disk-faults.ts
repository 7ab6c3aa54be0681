import fs, {mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {StanchError} from '../../src/errors.ts'
import {leafOf} from '../../src/trail/format/record.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {Trail} from '../../src/trail/trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {type Call, patch} from '../support/dying-disk.ts'
import {IDENTITY, oneAct} from '../support/trail.ts'

/*
 * Every open, write, sync and rename that a session of the trail makes (birth, appends, checkpoints, end of an epoch, end
 * of the session) fails once: with EIO, with ENOSPC, with half of the bytes written before ENOSPC, or as the last thing
 * that the process did. Afterwards no acknowledged record may be missing, and the next opening must go on and verify.
 * `node test/crash/disk-faults.ts`. What a missing sync loses is shown by test/crash/power-loss.ts.
 */

const FAULTS = ['EIO', 'ENOSPC', 'half', 'kill'] as const
type Fault = (typeof FAULTS)[number]
const CALLS: readonly Call[] = ['openSync', 'writeSync', 'fsyncSync', 'fdatasyncSync', 'renameSync']
const work = mkdtempSync(join(tmpdir(), 'stanch-faults-'))

interface Session {
  readonly acknowledged: Map<number, string>
  readonly errors: string[]
  calls: number
}

const options = (base: string) =>
  ({
    folder: join(base, 'log'),
    keys: join(base, 'keys'),
    mode: 'sim',
    origin: 'acme.example/alice',
    clock: systemClock,
    identity: IDENTITY,
  }) as const

/** One session; call number `at` of the watched calls fails. */
async function session(base: string, at: number, fault: Fault | undefined): Promise<Session> {
  const seen: Session = {acknowledged: new Map(), errors: [], calls: 0}
  let dead = false
  const {writeSync} = fs
  const restore = patch((name, call, args) => {
    if (dead) throw Object.assign(new Error('killed'), {code: 'EKILLED'})
    if (!CALLS.includes(name) || ++seen.calls !== at || fault === undefined) return call()
    if (fault === 'kill') dead = true
    if (fault === 'half' && name === 'writeSync') {
      const [fd, bytes] = args as [number, Uint8Array]
      writeSync(fd, bytes.subarray(0, Math.floor(bytes.length / 2)))
    }
    throw Object.assign(new Error('injected'), {code: fault === 'EIO' ? 'EIO' : 'ENOSPC'})
  })
  const step = (trail: Trail, work_: () => void) => {
    try {
      work_()
      for (const record of readTrail(trail.folder)) seen.acknowledged.set(record.seq, leafOf(record))
    } catch (error) {
      seen.errors.push(error instanceof StanchError ? error.code : String(error))
    }
  }
  try {
    const trail = await Trail.open(options(base))
    step(trail, () => void oneAct(trail, `inc-${at}`))
    step(trail, () => void trail.checkpoint())
    step(
      trail,
      () =>
        void trail.appendAll([
          {kind: 'note', text: 'one'},
          {kind: 'note', text: 'two'},
        ]),
    )
    step(trail, () => void trail.append({kind: 'incident.close', inc: `inc-${at}`, all_clear_at: 'x'}))
    step(trail, () => void trail.append({kind: 'note', text: 'in the next epoch'}))
    step(trail, () => trail.close('done'))
  } catch (error) {
    seen.errors.push(error instanceof StanchError ? error.code : String(error))
  } finally {
    restore()
  }
  return seen
}

let [passed, failed, stopped] = [0, 0, 0]

async function cell(at: number, fault: Fault): Promise<void> {
  const base = join(work, `${fault}-${at}`)
  const broken = await session(base, at, fault)
  const problem = await afterwards(base, broken)
  if (broken.errors.length > 0) stopped++
  if (problem === undefined) passed++
  else {
    failed++
    process.stdout.write(`FAIL ${fault} at call ${at}: ${problem} (errors: ${broken.errors.join(', ')})\n`)
  }
  rmSync(base, {recursive: true, force: true})
}

async function afterwards(base: string, broken: Session): Promise<string | undefined> {
  try {
    const trail = await Trail.open(options(base))
    trail.append({kind: 'note', text: 'after the fault'})
    trail.close('done')
  } catch (error) {
    return `cannot go on: ${(error as Error).message}`
  }
  const leaves = [...readTrail(join(base, 'log'))].map((record) => leafOf(record))
  for (const [seq, leaf] of broken.acknowledged) if (leaves[seq] !== leaf) return `record ${seq} was acknowledged and is lost`
  const {ok, findings} = verifyFolder(join(base, 'log'))
  if (!ok) return `does not verify: ${JSON.stringify(findings)}`
  const left = [join(base, 'log'), join(base, 'keys')]
    .flatMap((folder) => readdirSync(folder, {recursive: true, encoding: 'utf8'}))
    .filter((name) => name.endsWith('.tmp') || name.includes('next'))
  return left.length > 0 ? `left behind: ${left.join(', ')}` : undefined
}

try {
  // The first round only counts; it also loads what is loaded lazily.
  await session(join(work, 'warm'), 0, undefined)
  const {calls, errors} = await session(join(work, 'count'), 0, undefined)
  if (calls < 60 || errors.length > 0) throw new Error(`a session makes ${calls} calls, errors: ${errors.join(', ')}`)
  for (const fault of FAULTS) for (let at = 1; at <= calls; at++) await cell(at, fault)
  process.stdout.write(
    `disk faults: ${calls} calls, each failing once in ${FAULTS.length} ways; ${stopped} runs stopped with an error\n`,
  )
} finally {
  rmSync(work, {recursive: true, force: true})
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
