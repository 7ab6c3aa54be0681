import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {pathToFileURL} from 'node:url'

import {commandTable, withBlock} from './readme-blocks.ts'
import {ROOT} from './tree.ts'

/*
 * `node test/support/readme-transcript.ts --write` puts a fresh drill and the command table into README.md. Without
 * --write it prints the transcript.
 */

/** Same seed, same tenant: ids and counts stay the same from run to run. */
const SEED = '20261122'

/** What a person sees of the drill: standard output and standard error in the order in which they came. */
export function drillTranscript(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'stanch-readme-'))
  try {
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      TZ: 'UTC',
      NO_COLOR: '1',
      STANCH_DATA_DIR: `${folder}/data`,
      STANCH_CONFIG_DIR: `${folder}/config`,
      STANCH_CACHE_DIR: `${folder}/cache`,
    }
    // one pipe for both, so that the order is the one that a terminal shows
    const run = spawnSync(
      'sh',
      ['-c', '"$0" "$@" 2>&1', process.execPath, path.join(ROOT, 'dist/main.js'), 'drill', '--yes', '--seed', SEED],
      {env, encoding: 'utf8', cwd: folder},
    )
    // a path that is longer than the line was broken: here it stands whole
    const whole = run.stdout.replaceAll(/\s+file:[^)]*?(?:\d\s*){6,}Z/g, (broken) => ` ${broken.replaceAll(/\s/g, '')}`)
    return `$ npm run drill\n${whole.replaceAll(folder, '~/stanch').trimEnd()}`
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const transcript = `\`\`\`text\n${drillTranscript()}\n\`\`\``
  if (process.argv.includes('--write')) {
    const file = `${ROOT}README.md`
    writeFileSync(
      file,
      withBlock(withBlock(readFileSync(file, 'utf8'), 'transcript: drill', transcript), 'commands: manifest', commandTable()),
    )
  } else process.stdout.write(`${transcript}\n`)
}
