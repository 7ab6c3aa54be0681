import type {OpenIntent} from './continuity.ts'
import type {Finding} from './findings.ts'

export interface Anchor {
  readonly type: 'first_record' | 'known_checkpoint' | 'witness'
  readonly detail: string
}

/** The answer of a verifier, for a whole log or for a slice. */
export interface Verification {
  /** nothing failed */
  readonly ok: boolean
  /** nothing is uncovered or unanswered either */
  readonly complete: boolean
  readonly form: 'log' | 'slice'
  readonly records: number
  /** of the newest checkpoint of the log */
  readonly size: number
  /** hex, at that size */
  readonly root_hash: string
  /** how many checkpoints agree with the records */
  readonly checkpoints: number
  /** vkey of the log's identity */
  readonly signer: string
  readonly mode: string
  readonly anchors: readonly Anchor[]
  readonly findings: readonly Finding[]
  /** the failed check of the lowest record */
  readonly first_bad: Finding | undefined
}

/** Where the first bad record stands. */
export interface BadPlace {
  /** relative to the folder */
  readonly file: string
  /** from 1 */
  readonly line: number
  readonly seq: number
  /** the check that failed first there */
  readonly kind: string
  readonly detail: string
}

/** A verification of files. */
export interface LocatedVerification extends Omit<Verification, 'first_bad'> {
  readonly first_bad?: BadPlace
  /** who said which key must have signed: the verifier, this machine's own key folder, or only the trail itself */
  readonly signer_from?: 'flag' | 'machine' | 'trail'
}

/** How an intent without a final answer is reported. */
export function openDetail({state, op, try: attempt}: OpenIntent): [kind: string, detail: string] {
  return state === 'sent'
    ? ['intent without outcome', `${op}, try ${attempt}`]
    : ['outcome unknown and not settled', `${op}, try ${attempt}`]
}
