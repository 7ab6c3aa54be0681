import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {TOLD} from '../../src/simulator/scenarios/told.ts'
import {finish} from '../fidelity/shared.ts'
import {MAIN} from '../support/run-stanch.ts'

/*
 * The built program drills every scenario that has a history, over several seeds: an attacker and the owner's consumer who
 * live on while the responder works, each run at another moment of the second. The hunt must find every entry of the
 * attacker and all that he left, wrong nobody, and accuse none of ours. `node test/bench/drills.ts [SEEDS] [FIRST SEED]`
 */

const SEEDS = Number(process.argv[2] ?? 40)
const FIRST = Number(process.argv[3] ?? 1)
const folder = mkdtempSync(path.join(tmpdir(), 'stanch-drills-'))
const env = {
  PATH: process.env['PATH'],
  HOME: folder,
  STANCH_DATA_DIR: path.join(folder, 'data'),
  STANCH_CONFIG_DIR: path.join(folder, 'config'),
  STANCH_CACHE_DIR: path.join(folder, 'cache'),
}
let passed = 0
let failed = 0

interface Drilled {
  readonly status?: string
  readonly error?: {readonly message: string}
  readonly score?: {readonly hunt?: Readonly<Record<string, number>> & {readonly missed: readonly string[]}}
}

function drill(scenario: string, seed: number): Drilled {
  const {stdout} = spawnSync(process.execPath, [MAIN, 'drill', scenario, '--yes', '--json', '--seed', String(seed)], {
    env,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 64 << 20,
  })
  return stdout === '' ? {} : (JSON.parse(stdout) as Drilled)
}

for (const {name} of TOLD) {
  let [entries, found, least, left, listed] = [0, 0, 1, 0, 0]
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const {score, status, error} = drill(name, seed)
    const hunt = score?.hunt
    const good =
      hunt?.['recall'] === 1 &&
      hunt['in_inventory'] === hunt['left_behind'] &&
      hunt['legitimate_called_hostile'] === 0 &&
      hunt['ours_called_bad'] === 0 &&
      (name === 'false-alarm' ? hunt['hostile'] === 0 : Number(hunt['attacker_entries']) > 0)
    if (good) passed++
    else {
      failed++
      const why = hunt
        ? JSON.stringify({...hunt, missed: hunt.missed.slice(0, 3)})
        : (error?.message ?? `status ${status}, no score`)
      process.stdout.write(`✖ ${name} --seed ${seed}: ${why}\n`)
    }
    entries += hunt?.['attacker_entries'] ?? 0
    found += hunt?.['found'] ?? 0
    left += hunt?.['left_behind'] ?? 0
    listed += hunt?.['in_inventory'] ?? 0
    least = Math.min(least, hunt?.['recall'] ?? 0)
  }
  process.stdout.write(
    `${name}: ${SEEDS} drills, ${found} of ${entries} entries of attackers found, least recall ${least.toFixed(4)}, ${listed} of ${left} things left behind listed\n`,
  )
}
rmSync(folder, {recursive: true, force: true})
finish('drills', passed, failed)
