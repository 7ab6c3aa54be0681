import type {Exposure} from './exposure.ts'

/** Is the all clear counted from when it was computed, since an API still gives tokens? Then it is no instant to wait for. */
export function clearMoves({audiences, all_clear: clear}: Exposure): boolean {
  if (clear.state === 'clear') return false
  return audiences.length === 0 ? clear.exact_at === undefined : audiences.some((one) => one.contained_at === undefined)
}

/** When the last API stopped giving tokens, RFC 3339; undefined while one is not contained, or none is on record. */
export function containedAt(exposure: Exposure | undefined): string | undefined {
  if (!exposure || exposure.audiences.length === 0) return undefined
  const instants = exposure.audiences.map((one) => one.contained_at)
  return instants.includes(undefined) ? undefined : instants.toSorted((a, b) => Date.parse(a ?? '') - Date.parse(b ?? '')).at(-1)
}
