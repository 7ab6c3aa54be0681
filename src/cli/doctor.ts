import type {Capability} from '../incident/capabilities.ts'
import {wrap} from '../report/width.ts'
import type {ConnectionFlags, Place} from './context.ts'

/** One thing that was looked at. `detail` and `hint` are printable and hold no secret. */
export interface Check {
  /** Stable name: `node`, `scopes.rotate`. */
  readonly check: string
  readonly ok: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly hint?: string
}

/** A check with what its failure means for the exit status: the environment, the trail, the tenant's door, or the way to it. */
export interface Finding extends Check {
  readonly exit?: 2 | 4 | 5 | 75
}

export interface CapabilityReport {
  readonly capability: string
  readonly does: string
  readonly scopes: readonly string[]
  readonly missing_scopes: readonly string[]
  readonly if_missing: string
}

export interface OperatorReport {
  readonly client_id?: string
  readonly subject?: string
  readonly source: 'secret' | 'private_key' | 'token'
  readonly scopes: readonly string[]
  /** RFC 3339. */
  readonly expires_at?: string
}

export interface DoctorResult {
  /** The worst of the checks. */
  readonly ok: Check['ok']
  /** Host; null without a connection. */
  readonly tenant: string | null
  readonly simulated: boolean | null
  readonly operator: OperatorReport | null
  readonly capabilities: readonly CapabilityReport[]
  readonly checks: readonly Check[]
}

export interface TenantExamination {
  readonly tenant: string | null
  readonly simulated: boolean | null
  readonly operator: OperatorReport | null
  readonly capabilities: readonly CapabilityReport[]
  readonly findings: readonly Finding[]
}

/** Looks at this machine and, where there is a connection, at the tenant: only reads are sent. */
export async function examine(place: Place, flags: ConnectionFlags): Promise<{result: DoctorResult; exit: number}> {
  const [{examineMachine}, {examineTenant}] = await Promise.all([import('./doctor-machine.ts'), import('./doctor-tenant.ts')])
  const machine = await examineMachine(place)
  const {findings, ...tenant} = await examineTenant(place, flags)
  const all = [...machine, ...findings]
  const failed = all.filter((one) => one.ok === 'fail')
  const ok = failed.length > 0 ? 'fail' : all.some((one) => one.ok === 'warn') ? 'warn' : 'ok'
  const checks = all.map(({exit: _, ...check}) => check)
  // a trail that is not what it was outweighs everything; what is wrong here is mended before what is wrong there
  const exit = ([5, 2, 75, 4] as const).find((code) => failed.some((one) => (one.exit ?? 2) === code)) ?? 0
  return {result: {ok, ...tenant, checks}, exit}
}

export function capabilityReport(capability: Capability, missing: readonly string[]): CapabilityReport {
  return {
    capability: capability.id,
    does: capability.does,
    scopes: capability.scopes,
    missing_scopes: missing,
    if_missing: capability.missing,
  }
}

const MARK = {ok: '  ok', warn: 'warn', fail: 'FAIL'}

/** One line a check, its hint below it where it is not ok; continued under its own beginning in `columns`, where that is known. */
export function doctorLines(result: DoctorResult, columns = Number.POSITIVE_INFINITY): string[] {
  const width = Math.max(...result.checks.map((one) => one.check.length))
  const lines = result.checks.flatMap((one) => [
    ...wrap(`${MARK[one.ok]}  ${one.check.padEnd(width)}  ${one.detail}`, columns - 1, width + 8),
    ...(one.hint === undefined || one.ok === 'ok'
      ? []
      : wrap(`      ${' '.repeat(width)}  > ${one.hint}`, columns - 1, width + 10)),
  ])
  const counts = (['fail', 'warn', 'ok'] as const).map((ok) => `${result.checks.filter((one) => one.ok === ok).length} ${ok}`)
  return [
    ...lines,
    '',
    `${result.simulated === null ? 'No tenant' : result.simulated ? 'SIMULATED tenant' : 'REAL tenant'}${result.tenant === null ? '' : ` ${result.tenant}`}: ${counts.join(', ')}`,
  ]
}
