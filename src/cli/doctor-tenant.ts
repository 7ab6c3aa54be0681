import {humanDuration, rfc3339} from '../clock.ts'
import {scopeRisk} from '../auth0/scopes.ts'
import type {Tenant} from '../auth0/tenant.ts'
import {isCode} from '../errors.ts'
import {CAPABILITIES, lacking} from '../incident/capabilities.ts'
import {printable} from '../untrusted.ts'
import {connect, findConnection} from './context.ts'
import type {Connected, ConnectionFlags, Place} from './context.ts'
import {capabilityReport} from './doctor.ts'
import type {Finding, OperatorReport, TenantExamination} from './doctor.ts'
import {reportOf} from './error-report.ts'

const NOBODY: TenantExamination = {tenant: null, simulated: null, operator: null, capabilities: [], findings: []}

/** Seconds by which the clocks may differ: above the first it is said, above the second instants mislead. */
const SKEW = {warn: 30, fail: 300}
/** A hand-made token with less than this left may end in the middle of an incident, seconds. */
const SHORT = 1800

/** Who this credential is and what it can do. Sends reads only; nothing that goes wrong is thrown. */
export async function examineTenant(place: Place, flags: ConnectionFlags): Promise<TenantExamination> {
  let connection
  try {
    connection = await findConnection(place, flags)
  } catch (error) {
    if (isCode(error, 'config.no_connection') && flags.profile === undefined) {
      return {
        ...NOBODY,
        findings: [
          {
            check: 'connection',
            ok: 'warn',
            detail: 'no tenant is connected: offline commands and the drill work',
            hint: reportOf(error).hint ?? '',
          },
        ],
      }
    }
    return {...NOBODY, findings: [failed('connection', error)]}
  }
  let connected: Connected
  try {
    connected = await connect(place, connection, flags)
  } catch (error) {
    return {...NOBODY, findings: [failed('connection', error)]}
  }
  try {
    return await examineConnected(connected)
  } finally {
    await connected.close()
  }
}

async function examineConnected(connected: Connected): Promise<TenantExamination> {
  const about = {tenant: connected.origin.host, simulated: connected.mode === 'sim'}
  const findings: Finding[] = [
    {
      check: 'connection',
      ok: 'ok',
      detail: `${about.simulated ? 'SIMULATED' : 'REAL'} tenant ${about.tenant}, domain from ${connected.from.domain ?? 'nowhere'}, credential from ${connected.from.credential ?? 'nowhere'}`,
    },
    ...connected.warnings.map((warning): Finding => ({check: 'connection', ok: 'warn', detail: printable(warning, 300)})),
  ]
  let operator
  try {
    operator = await connected.tenant.operator()
  } catch (error) {
    return {...NOBODY, ...about, findings: [...findings, failed('credential', error)]}
  }
  const {client_id, subject, source, scopes, exp} = operator
  const now = Math.floor(connected.clock.now() / 1000)
  const left = exp === undefined ? undefined : exp - now
  const who = `${client_id === undefined ? printable(subject ?? 'nobody named', 80) : `client ${printable(client_id, 80)}`}, by ${source === 'private_key' ? 'private key' : source}${left === undefined ? '' : `, this token ends in ${humanDuration(left)}`}`
  findings.push(
    source === 'token' && left !== undefined && left < SHORT
      ? {
          check: 'credential',
          ok: 'warn',
          detail: who,
          hint: 'It may end in the middle of an incident and cannot be renewed: copy a fresh one.',
        }
      : {check: 'credential', ok: 'ok', detail: who},
  )
  findings.push(
    ...scopeFindings(scopes),
    ...(await readFindings(connected.tenant, scopes)),
    ...clockFindings(connected.tenant),
    ...limitFindings(connected.tenant),
  )
  const report: OperatorReport = {
    ...(client_id === undefined ? {} : {client_id}),
    ...(subject === undefined ? {} : {subject}),
    source,
    scopes,
    ...(exp === undefined ? {} : {expires_at: rfc3339(exp)}),
  }
  return {
    ...about,
    operator: report,
    capabilities: CAPABILITIES.map((one) => capabilityReport(one, lacking(one, scopes))),
    findings,
  }
}

function scopeFindings(held: readonly string[]): Finding[] {
  const findings = CAPABILITIES.map((capability): Finding => {
    const check = `scopes.${capability.id}`
    const missing = lacking(capability, held)
    if (missing.length === 0) {
      // a strong scope that nobody needs until it is asked for is a second way to lose the tenant
      if (capability.client === 'on request' && capability.strong)
        return {
          check,
          ok: 'warn',
          detail: `can ${capability.does}: a strong right to have lying around`,
          hint: 'Hand it out only when it is needed.',
        }
      return {check, ok: 'ok', detail: `can ${capability.does}`}
    }
    const detail = `cannot ${capability.does}: ${missing.join(', ')} missing; ${capability.missing}`
    if (capability.required)
      return {check, ok: 'fail', exit: 4, detail, hint: 'Give the client the scopes, or make one with them: stanch setup.'}
    if (capability.client === 'on request') return {check, ok: 'ok', detail: `cannot ${capability.does}; ${capability.missing}`}
    return {check, ok: 'warn', detail, hint: 'Give the client the scopes, or make one with them: stanch setup.'}
  })
  const needed = new Set(CAPABILITIES.flatMap((one) => one.scopes))
  const more = held.filter((scope) => !needed.has(scope))
  if (more.length === 0) return findings
  const grave = more.filter((scope) => ['critical', 'high'].includes(scopeRisk(scope).severity))
  const shown = [...grave, ...more.filter((scope) => !grave.includes(scope))].slice(0, 6).map((scope) => printable(scope, 60))
  findings.push({
    check: 'scopes.unused',
    ok: grave.length > 0 ? 'warn' : 'ok',
    detail: `holds ${more.length} scope(s) that stanch never uses: ${shown.join(', ')}${more.length > 6 ? ', ...' : ''}`,
    hint: 'A client of its own for stanch has fewer: stanch setup.',
  })
  return findings
}

/** One read, so that clock and limits are those of the Management API. */
async function readFindings(tenant: Tenant, held: readonly string[]): Promise<Finding[]> {
  if (!held.includes('read:resource_servers')) return []
  try {
    const api = await tenant.getResourceServer(tenant.audience)
    const lifetime = api?.token_lifetime
    return [
      lifetime === undefined
        ? {
            check: 'management-api',
            ok: 'warn',
            detail: 'the token lifetime of the Management API is not shown: it counts as 30 days',
          }
        : {check: 'management-api', ok: 'ok', detail: `tokens of the Management API live ${humanDuration(lifetime)}`},
    ]
  } catch (error) {
    return [failed('management-api', error)]
  }
}

function clockFindings(tenant: Tenant): Finding[] {
  const skew = tenant.skewSeconds()
  if (skew === undefined) return []
  const off = Math.abs(Math.round(skew))
  const detail =
    off === 0 ? 'this clock and the tenant agree' : `this clock is ${off} s ${skew > 0 ? 'behind' : 'ahead of'} the tenant`
  if (off > SKEW.fail)
    return [{check: 'clock', ok: 'fail', exit: 2, detail, hint: 'Set the clock (NTP): instants in the record would mislead.'}]
  if (off > SKEW.warn)
    return [{check: 'clock', ok: 'warn', detail, hint: 'Set the clock (NTP). The all clear counts the difference in.'}]
  return [{check: 'clock', ok: 'ok', detail}]
}

function limitFindings(tenant: Tenant): Finding[] {
  const {limit, remaining} = tenant.limits()
  if (remaining === undefined) return [{check: 'rate-limit', ok: 'ok', detail: 'the tenant says nothing about its limits'}]
  const detail = `${remaining}${limit === undefined ? '' : ` of ${limit}`} requests left at the moment`
  if (remaining < 5)
    return [{check: 'rate-limit', ok: 'warn', detail, hint: 'Somebody else uses them up; stanch waits where it must.'}]
  return [{check: 'rate-limit', ok: 'ok', detail}]
}

function failed(check: string, error: unknown): Finding {
  const {message, hint, exit} = reportOf(error)
  return {check, ok: 'fail', exit: exit === 4 || exit === 75 ? exit : 2, detail: message, ...(hint === undefined ? {} : {hint})}
}
