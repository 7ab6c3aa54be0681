import {logId} from '../trail/layout.ts'
import {rfc3339, systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {incidentState} from '../execution/incident.ts'
import {readBounded} from '../files/read.ts'
import {approvalProblem, isApprovalLine, NO_INCIDENT, readApproval, signApproval} from '../trail/format/approval.ts'
import type {Approval} from '../trail/format/approval.ts'
import {parseVkey} from '../trail/format/vkey.ts'
import {loadKeys} from '../trail/keys.ts'
import {readTrail} from '../trail/read-trail.ts'
import {quoted} from '../untrusted.ts'
import {openTrail, pathsOf} from './context.ts'
import type {Place} from './context.ts'
import {findIncident, openTrailOf} from './incidents.ts'
import type {Mode} from './incidents.ts'
import {readText} from './read-text.ts'

const MAX_LINE = 4096
const HASH = /^[0-9a-f]{64}$/

export interface ApprovalGiven {
  readonly incident: string
  readonly plan_hash: string
  readonly kind: Approval['kind']
  readonly by: string
  readonly at: string
  /** What the other responder is sent. */
  readonly line: string
  /** The approver's key, for the roster. */
  readonly vkey: string
}

/** An approval that was checked. `line` is what a stranger can check again. */
export interface CheckedApproval extends Approval {
  readonly line: string
  /** The record is there already. */
  readonly recorded: boolean
}

/** On the second responder's machine: signs the hash of a plan, and records it in their own trail. */
export async function giveApproval(
  place: Place,
  mode: Mode,
  incident: string | undefined,
  plan: string,
  emergency: boolean,
): Promise<ApprovalGiven> {
  if (!HASH.test(plan)) throw new StanchError('usage.invalid', '--plan-hash takes the 64 hex digits of a plan.')
  if (incident !== undefined && !/^inc-[a-z0-9-]{1,60}$/.test(incident))
    throw new StanchError('usage.invalid', `${quoted(incident, 60)} is no incident id.`)
  const trail = await openTrail(place, mode)
  try {
    const {identity} = loadKeys(pathsOf(place).keys(logId(trail.origin)), trail.origin)
    const approval = {
      incident: incident ?? NO_INCIDENT,
      plan_sha256: plan,
      kind: emergency ? ('emergency' as const) : ('before' as const),
      time: rfc3339(systemClock.now() / 1000),
    }
    const line = signApproval(approval, identity)
    trail.append({kind: 'approval', plan_sha256: plan, by: trail.origin, via: `given: ${line}`})
    return {
      incident: approval.incident,
      plan_hash: plan,
      kind: approval.kind,
      by: trail.origin,
      at: approval.time,
      line,
      vkey: trail.vkey,
    }
  } finally {
    trail.close('done')
  }
}

/** On the acting responder's machine: checks an approval and records it. One that comes after the act is marked emergency. */
export async function addApproval(
  place: Place,
  incident: string,
  given: string,
  vkey: string,
): Promise<Omit<ApprovalGiven, 'vkey'>> {
  const line = await lineFrom(given)
  const approval = readApproval(line, vkey)
  refuseOwn(place, vkey)
  const found = findIncident(place, incident)
  if (approval.incident !== incident && approval.incident !== NO_INCIDENT) {
    throw new StanchError('guard.not_approved', `This approval is for incident ${approval.incident}. Nothing was recorded.`)
  }
  if (approval.incident === NO_INCIDENT) refuseReuse(place, line, incident)
  const trail = await openTrailOf(place, found)
  try {
    const state = incidentState(trail, incident)
    const carriedOut = state.operations.some((one) => one.plan_sha256 === approval.plan_sha256)
    if (state.plan?.sha256 !== approval.plan_sha256 && !carriedOut) {
      throw new StanchError('guard.not_approved', `Incident ${incident} has no plan with that hash. Nothing was recorded.`, {
        hint: `Its plan is ${state.plan?.sha256 ?? 'none'}.`,
      })
    }
    const kind = carriedOut ? 'emergency' : approval.kind
    new IncidentTrail(trail, incident, state.tenant, systemClock).approval(approval.plan_sha256, approval.by, `${kind}: ${line}`)
    trail.checkpoint()
    return {incident, plan_hash: approval.plan_sha256, kind, by: approval.by, at: approval.time, line}
  } finally {
    trail.close('done')
  }
}

/**
 * The approval that a plan needs before anything is sent: from a file, else from the record of the incident.
 *
 * @throws guard.not_approved when there is none that fits; audit.not_verified for one that is not what it says
 */
export function requireApproval(
  place: Place,
  wanted: {
    readonly vkey: string
    readonly plan_sha256: string
    readonly incident?: string | undefined
    readonly file?: string | undefined
  },
): CheckedApproval {
  refuseOwn(place, wanted.vkey)
  const now = Math.floor(systemClock.now() / 1000)
  const problems: string[] = []
  for (const {line, recorded} of candidates(place, wanted.incident, wanted.file)) {
    const approval = readable(line, wanted.vkey, wanted.file !== undefined)
    if (!approval) continue
    const problem = approvalProblem(approval, {incident: wanted.incident, plan_sha256: wanted.plan_sha256, now})
    if (problem === undefined) {
      if (!recorded) refuseReuse(place, line, wanted.incident)
      return {...approval, line, recorded}
    }
    problems.push(problem)
  }
  throw new StanchError(
    'guard.not_approved',
    `This plan needs an approval by ${parseVkey(wanted.vkey).name}${problems.length === 0 ? '' : `, and the one at hand does not speak for it: ${problems.join('; ')}`}. Nothing was sent.`,
    {
      hint: `They run: stanch incident approve ${wanted.incident ?? ''} --plan-hash ${wanted.plan_sha256}`.replace('  ', ' '),
    },
  )
}

function* candidates(
  place: Place,
  incident: string | undefined,
  file: string | undefined,
): Generator<{line: string; recorded: boolean}> {
  if (file !== undefined) {
    yield {line: readBounded(file, MAX_LINE).toString('utf8').trim(), recorded: false}
    return
  }
  if (incident === undefined) return
  const found = findIncident(place, incident)
  for (const record of readTrail(found.folder, {inc: incident})) {
    const line =
      record.kind === 'approval' && typeof record['via'] === 'string' ? /^before: (.+)$/s.exec(record['via'])?.[1] : undefined
    if (line !== undefined) yield {line, recorded: true}
  }
}

/** A file must hold what it says; of what is on record others' approvals are passed over. */
function readable(line: string, vkey: string, strict: boolean): Approval | undefined {
  try {
    return readApproval(line, vkey)
  } catch (error) {
    if (strict) throw error
    return undefined
  }
}

/** Nobody is their own second person. */
function refuseOwn(place: Place, vkey: string): void {
  const {id, name} = parseVkey(vkey)
  for (const mode of ['real', 'sim'] as const) {
    for (const record of readTrail(pathsOf(place).trail(mode))) {
      const own = parseVkey(String(record['vkey']))
      if (own.id === id || own.name === name) {
        throw new StanchError('guard.not_approved', 'That is the key of this machine: an approval comes from a second person.')
      }
      break
    }
  }
}

/** An approval without an incident speaks for one act only. */
function refuseReuse(place: Place, line: string, incident: string | undefined): void {
  for (const mode of ['real', 'sim'] as const) {
    for (const record of readTrail(pathsOf(place).trail(mode))) {
      if (
        record.kind !== 'approval' ||
        !(typeof record['via'] === 'string' && record['via'].endsWith(line)) ||
        record['inc'] === incident
      )
        continue
      const inc = record['inc']
      throw new StanchError(
        'guard.not_approved',
        `This approval was used for incident ${typeof inc === 'string' ? inc : 'none'} already.`,
      )
    }
  }
}

async function lineFrom(given: string): Promise<string> {
  return (isApprovalLine(given) ? given : await readText(given, MAX_LINE)).trim()
}
