import type {StoredRecord} from './record.ts'

const SHA256 = /^[0-9a-f]{64}$/

/** SHA-256 of the blobs that a record refers to, in hex: its evidence, states before and after, the receipt of an anchor. */
export function blobsOf(record: StoredRecord): string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      if (SHA256.test(value)) found.push(value)
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  walk([record['evidence'], record['state']])
  if (record.kind === 'anchor') walk(record['receipt_sha256'])
  for (const member of ['before', 'after']) {
    const value = record[member]
    if (typeof value === 'string' && value.startsWith('sha256:')) walk(value.slice('sha256:'.length))
  }
  return found
}
