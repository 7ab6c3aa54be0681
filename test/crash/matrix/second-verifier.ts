import {spawn, spawnSync} from 'node:child_process'
import path from 'node:path'

import {ROOT} from '../../support/tree.ts'

/** The verifier that shares no code with stanch; undefined where its Python or OpenSSL is not installed. */
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'pass']).status === 0 && spawnSync('openssl', ['version']).status === 0,
)

export const hasSecondVerifier = PYTHON !== undefined

/** A sentence when the second verifier does not agree that a trail is whole. */
export function secondOpinion(trail: string): Promise<string | undefined> {
  if (PYTHON === undefined) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const child = spawn(PYTHON, [path.join(ROOT, 'src/report/verify.py'), trail], {stdio: ['ignore', 'pipe', 'pipe']})
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? undefined : `exit ${code}: ${said.slice(0, 300)}`))
  })
}
