import {type Checkpoint, parseCheckpoint, signatureProblem} from '../trail/format/checkpoint.ts'
import {type SliceFiles, verifySlice} from '../trail/format/slice.ts'
import type {Verification} from '../trail/format/verification.ts'
import type {Trust} from '../trail/format/verify-input.ts'
import {parseVkey} from '../trail/format/vkey.ts'
import {answerSignatures} from './signature.ts'

/** A verification in a browser. */
export interface Checked {
  readonly verification: Verification
  /** Why no signature could be checked; undefined when they were. */
  readonly unchecked: string | undefined
  /** Who signed the checkpoint, by the names in it. */
  readonly signers: readonly string[]
}

/** Checks a slice with the verifier of `trail/format`, after WebCrypto has answered what it is going to ask. */
export async function check(files: SliceFiles, trust: Trust): Promise<Checked> {
  const checkpoint = attempt(() => parseCheckpoint(files.checkpoint))
  if (checkpoint) for (const text of [trust.vkey ?? namedKey(files), ...(trust.witness ?? [])]) ask(checkpoint, text)
  const unchecked = await answerSignatures()
  return {
    verification: verifySlice(files, trust),
    unchecked,
    signers: [...new Set(checkpoint?.signatures.map(({name}) => name))],
  }
}

/** True when nothing is wrong but that no signature could be checked. */
export function onlySignatureOpen({verification, unchecked}: Checked): boolean {
  if (unchecked === undefined || verification.ok) return false
  return verification.findings.every(({severity, kind}) => severity !== 'failed' || kind.startsWith('bad signature by '))
}

/** The key that record 0 names: good for no more than to see whether the bundle agrees with itself. */
function namedKey(files: SliceFiles): string {
  const zero = attempt(() => JSON.parse(files.records.slice(0, files.records.indexOf('\n'))) as {vkey?: unknown})
  return typeof zero?.vkey === 'string' ? zero.vkey : ''
}

/** Looked at for what it asks of the signature port; the verifier says what is wrong. */
function ask(checkpoint: Checkpoint, vkey: string): void {
  attempt(() => signatureProblem(checkpoint, parseVkey(vkey)))
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined // the verifier reads it again and reports it
  }
}
