import {compilePlan} from '../../src/runbooks/compile.ts'
import {parseRunbook} from '../../src/runbooks/parse.ts'
import type {PlanChoices} from '../../src/incident/policy.ts'
import {usesKey, type TenantSnapshot} from '../../src/incident/tenant-snapshot.ts'
import type {SimulatedTenant} from '../../src/simulator/tenant.ts'
import {compare, inProcess, seenInside, type Ask, type Difference} from './asked-and-assessed.ts'
import {carryOut, Dice, emptyTenant, fill, type Suspect} from './made-tenants.ts'
import {choices, shippedText} from './runbooks.ts'

export interface Tally {
  requests: number
  tokens: number
  differences: (Difference & {readonly seed: number; readonly when: 'before' | 'after'})[]
}

/** Many tenants in-process: each assessed, asked, contained by a plan of any choices, assessed and asked again. */
export async function assessMade({seed, tenants}: {seed: number; tenants: number}): Promise<Tally> {
  const tally: Tally = {requests: 0, tokens: 0, differences: []}
  for (let n = 0; n < tenants; n++) {
    const dice = new Dice(seed + n)
    const tenant = await emptyTenant(seed + n)
    const suspect = await fill(tenant, dice)
    await assessOne(
      {tenant, suspect, dice, seed: seed + n, snapshot: seenInside(tenant, suspect.client_id), ask: inProcess(tenant)},
      tally,
    )
  }
  return tally
}

export async function assessOne(
  made: {tenant: SimulatedTenant; suspect: Suspect; dice: Dice; seed: number; snapshot: TenantSnapshot; ask: Ask},
  tally: Tally,
): Promise<void> {
  const {tenant, suspect, dice, seed, snapshot, ask} = made
  const count = (when: 'before' | 'after', found: Awaited<ReturnType<typeof compare>>) => {
    tally.requests += found.requests
    tally.tokens += found.tokens
    tally.differences.push(...found.differences.map((one) => ({...one, seed, when})))
  }
  count('before', await compare(tenant, suspect, snapshot, ask))
  const chosen: Partial<PlanChoices> = {
    keep_grants: dice.chance(25),
    // Auth0 refuses to rotate for a client that uses a key, and so does the plan.
    rotate: dice.chance(70) && !usesKey(snapshot.client),
    include_user_grants: dice.chance(40),
  }
  const plan = compilePlan(await RUNBOOK, {snapshot}, choices(chosen))
  const old_secret = tenant.secretOf(suspect.client_id)
  carryOut(tenant, plan)
  count('after', await compare(tenant, suspect, snapshot, ask, {plan, old_secret}))
}

const RUNBOOK = parseRunbook(shippedText('client-secret'), 'client-secret.md')
