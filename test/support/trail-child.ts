// Appends notes to a trail and says so on standard output, line by line and at once, after each append has returned.
//   node trail-child.ts FOLDER KEYS COUNT [checkpoint-every]
import {writeSync} from 'node:fs'

import {systemClock} from '../../src/clock.ts'
import {systemCode} from '../../src/errors.ts'
import {Trail} from '../../src/trail/trail.ts'
import {IDENTITY} from './trail.ts'

const [folder, keys, count, every] = process.argv.slice(2) as [string, string, string, string | undefined]
const say = (text: string) => writeSync(1, `${text}\n`)
const step = <T>(work: () => T): T | undefined => {
  try {
    return work()
  } catch (error) {
    say(`error ${systemCode(error)}`)
    return undefined
  }
}

try {
  const trail = await Trail.open({folder, keys, mode: 'sim', clock: systemClock, identity: {...IDENTITY, pid: process.pid}})
  say('open')
  for (let i = 0; i < Number(count); i++) {
    const appended = step(() => trail.append({kind: 'note', text: `note ${i} of ${process.pid} ${'.'.repeat(i % 200)}`}))
    if (appended) say(`ack ${appended.seq} ${appended.leaf}`)
    if (every && (i + 1) % Number(every) === 0) {
      const checkpoint = step(() => trail.checkpoint())
      if (checkpoint) say(`signed ${checkpoint.size} ${checkpoint.root}`)
    }
  }
  step(() => trail.close('done'))
  say('closed')
} catch (error) {
  say(`error ${systemCode(error)}`)
  process.exitCode = 7
}
