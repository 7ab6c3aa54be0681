import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'

import {verifyFolder} from '../../../../src/trail/verify-folder.ts'
import type {Bench} from '../bench.ts'
import type {Cell} from '../cell.ts'
import type {TimeFault} from '../faults.ts'

/** Section G: clocks that are wrong, jump or change their zone. The tenant is no simulator here: waits are the machine's own. */

const DAY = 86_400
const HOUR = 3600
/** Above this the skew must be said, seconds. */
const NOTABLE = 300

interface Situation {
  readonly time: TimeFault
  /** Where tenant and machine begin, NumericDate. */
  readonly at?: number
  readonly zone?: string
  /** By how much the Date header of the tenant is wrong, seconds. */
  readonly date?: number
}

function at(text: string): number {
  return Math.floor(Date.parse(text) / 1000)
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'clock +1 d': {time: {skew_seconds: DAY}},
  'clock -1 d': {time: {skew_seconds: -DAY}},
  '+1 h jump': {time: {jump_seconds: HOUR}},
  '-1 h jump': {time: {jump_seconds: -HOUR}},
  'DST forward': {time: {}, at: at('2027-03-28T00:59:40Z'), zone: 'Europe/Berlin'},
  'DST back': {time: {}, at: at('2027-10-31T00:59:40Z'), zone: 'Europe/Berlin'},
  'year 2040': {time: {}, at: at('2040-02-29T23:59:40Z')},
  'wrong server Date': {time: {}, date: DAY},
}

/** A machine's clock that goes back is a finding of its own: named by the verifier, and nothing else is. */
function onlyTimeWentBack({trail}: Bench): string | undefined {
  const {ok, findings} = verifyFolder(trail)
  const other = findings.find((one) => one.severity !== 'note' && one.kind !== 'time goes back')
  return ok && !other ? undefined : `the trail does not verify: ${JSON.stringify(other)}`
}

type Aspect = (bench: Bench, situation: Situation) => string | undefined

const ASPECTS: Readonly<Record<string, Aspect>> = {
  'exposure': (bench, {time, date}) => {
    const document = bench.ran[0]?.document
    if (!document?.exposure) return 'no exposure is told'
    const skew = Math.abs((time.skew_seconds ?? 0) + (time.jump_seconds ?? 0) - (date ?? 0))
    const text = JSON.stringify(document)
    if (skew > NOTABLE && !/clock_skew|skew/.test(text)) return `a skew of ${skew} s is not told`
    return undefined
  },
  'verify waits': (bench) => {
    const waited = Number(readFileSync(path.join(bench.folder, 'waited'), 'utf8')) / 1000
    if (waited < 30) return `only ${waited} s were waited: no proof can be that old`
    return waited <= 240 ? undefined : `${waited} s were waited`
  },
  'trail order': (bench) => {
    const records = bench.records()
    const wrong = records.findIndex((record, index) => record.seq !== index)
    if (wrong >= 0) return `record ${wrong} is out of order`
    const sids = new Map<string, number>()
    for (const record of records) {
      const [sid, mono] = [JSON.stringify(record['sid']), Number(record['mono'] ?? 0)]
      if (mono < (sids.get(sid) ?? 0)) return `the monotonic clock of record ${record.seq} went back`
      sids.set(sid, mono)
    }
    return undefined
  },
  'token expiry': (bench) => {
    const tokens = bench.front.arrived.filter((one) => one.session === 0 && one.step === 'n1').length
    return tokens <= 2 ? undefined : `${tokens} tokens were asked for in one run: each looked expired`
  },
}

export const wrongClocks: readonly Cell[] = Object.entries(SITUATIONS).flatMap(([name, situation]) =>
  Object.entries(ASPECTS).map(([aspect, check]): Cell => ({
    id: `G.${name.replaceAll(' ', '-')}.${aspect.replaceAll(' ', '-')}`,
    section: 'G',
    step: aspect,
    fault: name,
    promised: ['OK', 'OK+W'],
    ends: ['partial'],
    bench: {
      real: true,
      ...(situation.at === undefined ? {} : {now: situation.at}),
      ...(situation.zone === undefined ? {} : {env: {TZ: situation.zone}}),
    },
    arm: (bench) => {
      if (situation.date !== undefined) {
        const wrong = situation.date
        bench.front.acts.push(async ({effect, send}) => {
          const answer = await effect()
          const date = Date.parse(String(answer.headers['date']))
          send({...answer, headers: {...answer.headers, date: new Date(date + wrong * 1000).toUTCString()}})
        })
      }
      const file = path.join(bench.folder, 'waited')
      const ahead = situation.at === undefined ? 0 : situation.at - Math.floor(Date.now() / 1000)
      return {time: {...situation.time, skew_seconds: (situation.time.skew_seconds ?? 0) + ahead, file}}
    },
    ...(name === '-1 h jump' ? {exempt: {I5: 'the verifier names the jump; checked in the cell'}} : {}),
    also: (bench) => {
      if (!existsSync(path.join(bench.folder, 'waited'))) return 'nothing was ever waited for'
      return check(bench, situation) ?? (name === '-1 h jump' ? onlyTimeWentBack(bench) : undefined)
    },
  })),
)
