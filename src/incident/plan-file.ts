import * as v from 'valibot'

import {StanchError} from '../errors.ts'
import {LEAK_KINDS} from './leak.ts'
import {CLAIMS, planHash, STOP_REASONS} from './plan.ts'
import type {Plan} from './plan.ts'

/** Largest plan file, bytes. */
export const MAX_PLAN_BYTES = 1 << 20

const text = (max: number) => v.pipe(v.string(), v.maxLength(max))
const id = text(200)
const base = {id, from: id, target: text(300), undo: text(600), title: text(600), scopes: v.pipe(v.array(id), v.maxLength(20))}
const grant = v.strictObject({
  client_id: v.optional(id),
  default_for: v.optional(id),
  audience: text(600),
  scope: v.optional(v.pipe(v.array(text(300)), v.maxLength(2000))),
  allow_all_scopes: v.optional(v.boolean()),
  subject_type: v.optional(id),
  organization_usage: v.optional(id),
  allow_any_organization: v.optional(v.boolean()),
  authorization_details_types: v.optional(v.pipe(v.array(text(300)), v.maxLength(200))),
})
const audiences = v.pipe(v.array(text(600)), v.maxLength(1000))

const step = v.variant('action', [
  v.strictObject({
    ...base,
    action: v.literal('tenant_log.save'),
    args: v.strictObject({client_id: id, entries: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))}),
  }),
  v.strictObject({...base, action: v.literal('client_grant.delete'), args: v.strictObject({grant_id: id, grant})}),
  v.strictObject({
    ...base,
    action: v.literal('client_grant.restore'),
    args: v.strictObject({was: id, grant, organizations: v.pipe(v.array(id), v.maxLength(1000))}),
  }),
  v.strictObject({
    ...base,
    action: v.literal('client_secret.rotate'),
    args: v.strictObject({client_id: id, method: v.picklist(['rotate', 'set'])}),
  }),
  v.strictObject({...base, action: v.literal('secret.deliver'), args: v.strictObject({client_id: id})}),
  v.strictObject({
    ...base,
    action: v.literal('verify'),
    args: v.strictObject({client_id: id, claims: v.pipe(v.array(v.picklist(CLAIMS)), v.maxLength(10)), audiences}),
  }),
  v.strictObject({...base, action: v.literal('exposure'), args: v.strictObject({client_id: id, audiences})}),
  v.strictObject({...base, action: v.literal('manual'), args: v.strictObject({question: text(600), owner: text(200)})}),
])

const plan = v.strictObject({
  version: v.literal(1),
  mode: v.picklist(['real', 'sim']),
  tenant: text(300),
  leak: v.picklist(LEAK_KINDS),
  client_id: id,
  runbook: v.strictObject({
    id,
    version: v.pipe(v.number(), v.integer(), v.minValue(1)),
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  steps: v.pipe(v.array(step), v.maxLength(1000)),
  stop_when: v.pipe(v.array(v.picklist(STOP_REASONS)), v.maxLength(STOP_REASONS.length)),
  verify_window_seconds: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7_776_000)),
})

const file = v.strictObject({plan_hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), plan})

/** A plan as it is written to a file for review: the plan and its hash, indented for people. */
export function planFileText(made: Plan): string {
  return `${JSON.stringify({plan_hash: planHash(made), plan: made}, null, 2)}\n`
}

/**
 * A plan from a file that somebody may have edited.
 *
 * @throws {StanchError} `plan.invalid` naming the member, `plan.hash_mismatch` when the file's own hash is not that of its plan
 */
export function parsePlanFile(content: string): Plan {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    throw new StanchError('plan.invalid', 'The plan file is not JSON.', {hint: 'Make one: stanch plan -o FILE'})
  }
  const parsed = v.safeParse(file, value)
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new StanchError(
      'plan.invalid',
      `The plan file is not valid at ${v.getDotPath(issue) ?? 'its top'}: a ${issue.expected ?? 'different value'} was expected.`,
      {
        hint: 'Make a new one: stanch plan -o FILE',
      },
    )
  }
  const made = parsed.output.plan as Plan
  if (new Set(made.steps.map((one) => one.id)).size !== made.steps.length)
    throw new StanchError('plan.invalid', 'Two steps of the plan have one id.')
  if (planHash(made) !== parsed.output.plan_hash) {
    throw new StanchError(
      'plan.hash_mismatch',
      'The plan file was changed after it was made: its hash does not fit its plan. Nothing was sent.',
      {
        hint: 'Make a new one: stanch plan -o FILE',
      },
    )
  }
  return made
}
