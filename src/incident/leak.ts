/** What leaked, in the words of the product. Each kind has a runbook of the same name. */
export const LEAK_KINDS = [
  'client-secret',
  'management-token',
  'private-key',
  'user-token',
  'refresh-token',
  'signing-secret',
  'operator-token',
  'own-credential',
  'unknown',
] as const

export type LeakKind = (typeof LEAK_KINDS)[number]

export function isLeakKind(text: string): text is LeakKind {
  return (LEAK_KINDS as readonly string[]).includes(text)
}

/**
 * Does whoever holds it make tokens himself? The signing secret of an API leads to them through no client, Auth0 sees none of
 * them, and no `exp` ends that.
 */
export function makesTokens(leak: string): boolean {
  return leak === ('signing-secret' satisfies LeakKind)
}
