import {type Checkpoint, parseBody, parseCheckpoint, type TreeHead} from './checkpoint.ts'
import {parseVkey, type VerifierKey} from './vkey.ts'

/**
 * `failed`: the log is not what was signed, or breaks a rule. `incomplete`: what is there is right, but something is
 * not covered or not answered yet. `note`: said for the reader.
 */
export type Severity = 'failed' | 'incomplete' | 'note'

export interface Trust {
  /** the log's identity; without it the one that record 0 names is taken, and that is said */
  readonly vkey?: string | undefined
  /** hex leaf hash of record 0 */
  readonly first?: string | undefined
  /** checkpoints held outside: a signed note, its three lines, or `origin size root` on one line */
  readonly known?: readonly string[] | undefined
  /** vkeys that must have countersigned the newest checkpoint */
  readonly witness?: readonly string[] | undefined
}

export interface CheckpointFile {
  readonly name: string
  readonly text: string
  /** size that its name states */
  readonly size?: number | undefined
}

/** A checkpoint that the records must agree with once that many were read. */
export interface Due {
  readonly name: string
  readonly head: TreeHead
  /** absent for an outside head that carries no signature */
  readonly checkpoint: Checkpoint | undefined
  readonly outside: boolean
}

/** Where the reader of an input says what is wrong with it. */
export type Report = (severity: Severity, kind: string, detail: string) => void

export function readVkey(text: string, report: Report): VerifierKey | undefined {
  try {
    return parseVkey(text)
  } catch {
    report('failed', 'bad vkey', JSON.stringify(text.slice(0, 200)))
    return undefined
  }
}

/** A checkpoint file of the log. */
export function readOwn({name, text, size}: CheckpointFile, report: Report): Due | undefined {
  const checkpoint = attempt(name, report, () => parseCheckpoint(text))
  if (!checkpoint) return undefined
  if (size !== undefined && checkpoint.size !== size)
    report('failed', 'malformed checkpoint', `${name} covers ${checkpoint.size} records`)
  return {name, head: checkpoint, checkpoint, outside: false}
}

/** What the verifier holds from elsewhere; without signatures it is worth what its holder knows. */
export function readOutside(text: string, index: number, report: Report): Due | undefined {
  const name = `known checkpoint ${index + 1}`
  const pasted = withoutMargins(text)
  if (pasted.includes('\n\n')) {
    const checkpoint = attempt(name, report, () => parseCheckpoint(pasted))
    return checkpoint && {name, head: checkpoint, checkpoint, outside: true}
  }
  const words = pasted.trim().split(/\s+/)
  const head = attempt(name, report, () => parseBody(words.length === 3 ? `${words.join('\n')}\n` : pasted))
  return head && {name, head, checkpoint: undefined, outside: true}
}

/** Blanks around lines, empty lines around the whole, CRs: what tickets and editors add. What is signed is what is left. */
function withoutMargins(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^[ \t\r\v\f]+|[ \t\r\v\f]+$/g, ''))
  return `${lines.join('\n').replace(/^\n+|\n+$/g, '')}\n`
}

function attempt<T>(name: string, report: Report, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const [kind, detail] = splitMessage(error)
    report('failed', kind, `${name}: ${detail}`)
    return undefined
  }
}

/** Messages of this room begin with the verifier's name of the problem. */
export function splitMessage(error: unknown): [kind: string, detail: string] {
  const [kind = '', ...rest] = (error as Error).message.split(': ')
  return [kind, rest.join(': ')]
}
