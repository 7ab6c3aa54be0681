import {StanchError} from '../../errors.ts'
import {base64Of, strictBase64, utf8} from './bytes.ts'
import {verifySignature} from './signature.ts'
import type {Signer} from './signer.ts'
import {ED25519, isKeyName, parseVkey} from './vkey.ts'

const FORM = 'stanch-approval/1'
/** Stands for an incident that is not opened yet. */
export const NO_INCIDENT = '-'
/** An approval given beforehand counts for this long, seconds. */
export const APPROVAL_SECONDS = 86_400
/** The approver's clock may be ahead by this much, seconds. */
const AHEAD_SECONDS = 300

/** A second responder's word for one plan, signed with the identity key of their own log. */
export interface Approval {
  /** incident id, or `-` for one that is not opened yet */
  readonly incident: string
  /** 64 hex digits */
  readonly plan_sha256: string
  /** `emergency`: given after the plan was carried out */
  readonly kind: 'before' | 'emergency'
  /** RFC 3339 UTC, whole seconds; by the approver's clock */
  readonly time: string
  /** origin of the approver's log */
  readonly by: string
}

const LINE =
  /^stanch-approval\/1 (-|inc-[a-z0-9-]{1,60}) ([0-9a-f]{64}) (before|emergency) (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z) (\S{1,200}) (\S{88})$/

/** What is signed: each fact on a line of its own. */
function approvalText({incident, plan_sha256, kind, time, by}: Approval): string {
  return `${FORM}\nincident ${incident}\nplan ${plan_sha256}\nkind ${kind}\ntime ${time}\nby ${by}\n`
}

/** One line, for a chat or a file. */
export function signApproval(approval: Omit<Approval, 'by'>, identity: Signer): string {
  const whole = {...approval, by: identity.vkey.name}
  const signature = base64Of(identity.sign(utf8(approvalText(whole))))
  return `${FORM} ${whole.incident} ${whole.plan_sha256} ${whole.kind} ${whole.time} ${whole.by} ${signature}`
}

export function isApprovalLine(text: string): boolean {
  return text.trimStart().startsWith(`${FORM} `)
}

/**
 * Reads an approval and checks its signature.
 *
 * @param vkey of the approver, from the roster or in person
 * @throws {StanchError} `audit.not_verified`: malformed approval, base64 not canonical, bad vkey, no signature by, bad signature by
 */
export function readApproval(line: string, vkey: string): Approval {
  const match = LINE.exec(line.trim())
  if (!match) throw bad('malformed approval', `it is one line that begins with ${FORM}`)
  const [, incident, plan_sha256, kind, time, by, text] = match as unknown as [
    string,
    string,
    string,
    Approval['kind'],
    string,
    string,
    string,
  ]
  const signature = strictBase64(text)
  if (!signature) throw bad('base64 not canonical', 'its signature')
  const key = parseVkey(vkey)
  if (key.type !== ED25519) throw bad('bad vkey', 'not the identity key of a log')
  const approval = {incident, plan_sha256, kind, time, by}
  if (!isKeyName(by) || by !== key.name) throw bad('no signature by', key.name)
  if (!verifySignature(key.key, utf8(approvalText(approval)), signature)) throw bad('bad signature by', key.name)
  return approval
}

/**
 * Why an approval does not speak for this plan; undefined when it does.
 *
 * @param wanted `incident` undefined for one that is not opened yet @param now NumericDate
 */
export function approvalProblem(
  approval: Approval,
  wanted: {readonly incident: string | undefined; readonly plan_sha256: string; readonly now: number},
): string | undefined {
  if (approval.plan_sha256 !== wanted.plan_sha256) return `it approves the plan ${approval.plan_sha256}`
  if (approval.incident !== NO_INCIDENT && approval.incident !== wanted.incident) return `it is for incident ${approval.incident}`
  if (approval.kind === 'emergency') return 'it was given for a plan that had been carried out already'
  const at = Date.parse(approval.time) / 1000
  if (at > wanted.now + AHEAD_SECONDS) return `it is dated ${approval.time}, in the future`
  if (at < wanted.now - APPROVAL_SECONDS) return `it is dated ${approval.time}, more than ${APPROVAL_SECONDS / 3600} hours ago`
  return undefined
}

function bad(kind: string, detail: string): StanchError {
  return new StanchError('audit.not_verified', `${kind}: ${detail}`)
}
