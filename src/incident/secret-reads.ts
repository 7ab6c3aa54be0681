/** Reads whose answer holds secrets: the tenant logs them, so each has an intent, but they change nothing. */
export const SECRET_READS: readonly string[] = ['client_secret.read', 'log_streams.read']

export function isSecretRead(action: string): boolean {
  return SECRET_READS.includes(action)
}
