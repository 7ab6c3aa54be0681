import {isCode, StanchError} from '../errors.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'

/** A read that a missing scope may refuse: then it is a gap, not the end. Everything else goes on as an error. */
export async function attempt<T>(
  read: () => Promise<T>,
  gaps: EvidenceGap[],
  gap: {readonly code: string; readonly what: string},
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const hidden = isCode(error, 'auth0.scope_missing') || isCode(error, 'auth0.unexpected_answer')
    if (!(error instanceof StanchError) || !hidden) throw error
    gaps.push({...gap, why: error.message})
    return undefined
  }
}
