import {equal, ok} from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {systemClock} from '../../src/clock.ts'
import {loopbackCertificate} from '../../src/simulator/certificate.ts'
import {startSimulator} from '../../src/simulator/server.ts'

/* Does the official Node SDK do its work on the simulated tenant? Ends with "N passed, N failed". */

interface Seen {
  readonly clients: string[]
  readonly grants: {id: string; audience: string}[]
  readonly deleted: string
  readonly left: number
  readonly rotated: {client_id: string; length: number}
}

const folder = mkdtempSync(path.join(tmpdir(), 'stanch-sdk-'))
const tls = await loopbackCertificate(systemClock.now())
const simulator = await startSimulator({clock: systemClock, tls, plan: 'private', behaviour: {attacker: false}})
let passed = 0
let failed = 0
const check = (what: string, work: () => void): void => {
  try {
    work()
    passed += 1
    console.log(`ok   ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL ${what}: ${(error as Error).message}`)
  }
}
try {
  const authority = path.join(folder, 'ca.pem')
  writeFileSync(authority, tls.cert)
  const {operator, leak} = simulator.practice
  const before = simulator.tenant.grants(leak.client_id).length
  const secret = simulator.tenant.secretOf(leak.client_id)
  const {status, text} = await run({
    NODE_EXTRA_CA_CERTS: authority,
    SIM_HOST: simulator.host,
    SIM_CLIENT_ID: operator.client_id,
    SIM_CLIENT_SECRET: operator.client_secret,
    SIM_LEAKED: leak.client_id,
  })
  check('the SDK ends without an error', () => equal(status, 0))
  const seen = (
    status === 0 ? JSON.parse(text) : {clients: [], grants: [], deleted: '', left: -1, rotated: {client_id: '', length: 0}}
  ) as Seen
  check('it lists the clients of the tenant', () =>
    ok(seen.clients.includes(leak.client_id) && seen.clients.includes(operator.client_id)),
  )
  check('it lists the grants of one client', () => equal(seen.grants.length, before))
  check('it deletes a grant', () => {
    equal(seen.left, before - 1)
    equal(simulator.tenant.count('client_grant.delete'), 1)
    ok(!simulator.tenant.grants(leak.client_id).some((grant) => grant['id'] === seen.deleted))
  })
  check('it rotates a secret and reads the new one', () => {
    equal(seen.rotated.client_id, leak.client_id)
    equal(seen.rotated.length, 64)
    equal(simulator.tenant.count('client_secret.rotate'), 1)
    ok(simulator.tenant.secretOf(leak.client_id) !== secret)
  })
} finally {
  await simulator.stop()
  rmSync(folder, {recursive: true, force: true})
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function run(env: Record<string, string>): Promise<{status: number | null; text: string}> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('sdk-client.ts', import.meta.url))], {
      env: {...process.env, ...env},
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    })
    let text = ''
    child.stdout.on('data', (part: Buffer) => (text += part.toString('utf8')))
    child.on('close', (status) => resolve({status, text}))
  })
}
