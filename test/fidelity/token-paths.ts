import {observe} from '../../src/execution/observe.ts'
import {systemClock} from '../../src/clock.ts'
import {startSimulator} from '../../src/simulator/server.ts'
import {parseOrigin} from '../../src/auth0/origin.ts'
import {Tenant} from '../../src/auth0/tenant.ts'
import {silentLogger} from '../../src/logger.ts'
import {Secret} from '../../src/secret.ts'
import {assessMade, assessOne, type Tally} from '../support/assess-made.ts'
import {overHttp} from '../support/asked-and-assessed.ts'
import {Dice, fill, START} from '../support/made-tenants.ts'

/*
 * For made-up tenants of every sort: is what `assess` says about each path to a token what the tenant's token endpoint does,
 * before a plan and after it? TENANTS in-process (default 10,000), HTTP of them over HTTP, read with `observe` (default 300).
 * SEED makes the same tenants again.
 */
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6))
const tenants = Number(process.env['TENANTS'] ?? 10_000)
const http = Number(process.env['HTTP'] ?? 300)

const READS =
  'read:clients read:client_keys read:client_credentials read:client_grants read:organization_client_grants read:resource_servers read:logs'

const inside = await assessMade({seed, tenants})
const outside: Tally = {requests: 0, tokens: 0, differences: []}
for (let n = 0; n < http; n++) await overWire(seed + n)

console.log(`seed ${seed}`)
for (const [how, tally, of] of [
  ['in-process', inside, tenants],
  ['over HTTP', outside, http],
] as const) {
  console.log(
    `${how}: ${of} tenants, ${tally.requests} token requests, ${tally.tokens} tokens, ${tally.differences.length} differences`,
  )
  for (const one of tally.differences.slice(0, 20)) console.log(`  FAIL ${JSON.stringify(one)}`)
}
const wrong = new Set([...inside.differences, ...outside.differences].map((one) => one.seed)).size
console.log(`${tenants + http - wrong} passed, ${wrong} failed`)
process.exitCode = wrong === 0 ? 0 : 1

async function overWire(one: number): Promise<void> {
  const dice = new Dice(one)
  const simulator = await startSimulator({
    clock: systemClock,
    seed: one,
    now: START,
    plan: 'private',
    behaviour: {secret_propagation_seconds: 0, log_delay_seconds: 0, attacker: false, consumer: false},
  })
  const suspect = await fill(simulator.tenant, dice, false)
  const token = simulator.tenant.issueToken({client_id: simulator.practice.operator.client_id, scope: READS})
  const operator = await Tenant.connect({
    origin: parseOrigin(simulator.origin),
    credential: {kind: 'token', token: new Secret(token)},
    clock: {...systemClock, now: () => START * 1000},
    logger: silentLogger,
    userAgent: 'token-paths',
  })
  try {
    const snapshot = await observe(operator, suspect.client_id, 'sim', systemClock)
    await assessOne({tenant: simulator.tenant, suspect, dice, seed: one, snapshot, ask: overHttp(simulator.origin)}, outside)
  } finally {
    await operator.close()
    await simulator.stop()
  }
}
