/**
 * A process that writes a trail and its copies. Without a port the copy is a file, and the process may write no file
 * beyond a few kilobytes more: the copy fails in the middle while the trail, whose records are small, goes on.
 */
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {Copies} from '../../src/trail/copies.ts'
import {Trail} from '../../src/trail/trail.ts'
import {IDENTITY} from './trail.ts'

const [base = '', port] = process.argv.slice(2)
mkdirSync(base, {recursive: true, mode: 0o700})
const said: string[] = []
const path = join(base, 'copy')
const target =
  port === undefined
    ? ({kind: 'file', path, name: 'the copy'} as const)
    : ({kind: 'tls', host: '127.0.0.1', port: Number(port), name: 'the copy'} as const)
if (port === undefined) await limitFiles()
const copies = await Copies.start({targets: [target], say: (line) => said.push(line), patienceMs: 3000})
const trail = await Trail.open({
  folder: join(base, 'log'),
  keys: join(base, 'keys'),
  mode: 'sim',
  clock: systemClock,
  identity: IDENTITY,
  copies,
})
let appended = 0
for (; appended < 50; appended++) trail.append({kind: 'note', text: `note ${appended}`})
trail.close('done')
process.once('beforeExit', () => {
  const copied =
    port === undefined
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line.includes('"note"')).length
      : 0
  process.stdout.write(JSON.stringify({appended, said, copied}))
})

/** The copy begins as a sparse file that ends just below the largest size that this process may write. */
async function limitFiles(): Promise<void> {
  writeFileSync(path, '')
  const {execFileSync} = await import('node:child_process')
  const limit = 1 << 20
  execFileSync('truncate', ['-s', String(limit - 4096), path])
  execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${limit}`])
  process.on('SIGXFSZ', () => {})
}
