import {createExclusive} from '../files/write.ts'
import {readBounded} from '../files/read.ts'
import {MAX_PLAN_BYTES, parsePlanFile, planFileText} from '../incident/plan-file.ts'
import type {Plan} from '../incident/plan.ts'

/** A plan from a file. @throws input.unreadable | input.too_large | plan.invalid | plan.hash_mismatch */
export function readPlanFile(file: string): Plan {
  return parsePlanFile(readBounded(file, MAX_PLAN_BYTES).toString('utf8'))
}

/** Writes a plan, 0600. An existing file is left alone. */
export function writePlanFile(file: string, plan: Plan): void {
  createExclusive(file, planFileText(plan))
}
