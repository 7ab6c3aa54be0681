import {type Checkpoint, signatureProblem} from './checkpoint.ts'
import type {Anchor} from './verification.ts'
import {readVkey, type Report} from './verify-input.ts'

/**
 * Holds a checkpoint against the witnesses that must have countersigned it: each is an anchor, or a failure that says how
 * far an older checkpoint of the same log has their signature.
 *
 * @param wanted vkeys of witnesses @param older checkpoints of that log, smallest first
 */
export function countersignatures(
  wanted: readonly string[],
  newest: Checkpoint | undefined,
  older: readonly Checkpoint[],
  report: Report,
): Anchor[] {
  const anchors: Anchor[] = []
  for (const text of wanted) {
    const vkey = readVkey(text, report)
    if (!vkey) continue
    const problem = newest ? signatureProblem(newest, vkey) : `no signature by ${vkey.name}`
    if (problem === undefined) {
      anchors.push({type: 'witness', detail: vkey.text})
      continue
    }
    const reach = older.findLast((one) => signatureProblem(one, vkey) === undefined)?.size
    report('failed', problem, reach === undefined ? 'checkpoint' : `checkpoint; the first ${reach} records have one`)
  }
  return anchors
}
