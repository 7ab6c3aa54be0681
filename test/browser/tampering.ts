import type {SliceFiles} from '../../src/trail/format/slice.ts'

/** A way to change a slice; `n` chooses where. */
export interface Tampering {
  readonly kind: string
  readonly change: (slice: SliceFiles, n: number) => SliceFiles
}

function lines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

function joined(list: readonly string[]): string {
  return `${list.join('\n')}\n`
}

/** One character becomes another of its kind: the text stays JSON, or base64, of the same length. */
function altered(text: string, at: number): string {
  let i = at % text.length
  while (!/[a-z0-9]/.test(text[i] ?? '')) i = (i + 1) % text.length
  const old = text[i] ?? ''
  const next = /[0-8]/.test(old)
    ? String(Number(old) + 1)
    : old === '9'
      ? '0'
      : old === 'z'
        ? 'a'
        : String.fromCharCode(old.charCodeAt(0) + 1)
  return text.slice(0, i) + next + text.slice(i + 1)
}

/** Every record but the first is changed, taken, or moved; the proof of one; what is signed, and its signature. */
export const TAMPERINGS: readonly Tampering[] = [
  {
    kind: 'a byte of a record',
    change: (slice, n) => {
      const records = lines(slice.records)
      const at = 1 + ((n * 7) % (records.length - 1))
      records[at] = altered(records[at] ?? '', 20 + n * 13)
      return {...slice, records: joined(records)}
    },
  },
  {
    kind: 'a record left out',
    change: (slice, n) => {
      const [records, proofs] = [lines(slice.records), lines(slice.proofs)]
      const at = 3 + ((n * 5) % (records.length - 4))
      return {...slice, records: joined(records.toSpliced(at, 1)), proofs: joined(proofs.toSpliced(at, 1))}
    },
  },
  {
    kind: 'two records swapped',
    change: (slice, n) => {
      const records = lines(slice.records)
      const at = 1 + ((n * 3) % (records.length - 2))
      const swapped = records.with(at, records[at + 1] ?? '').with(at + 1, records[at] ?? '')
      return {...slice, records: joined(swapped)}
    },
  },
  {
    kind: 'a proof',
    change: (slice, n) => {
      const proofs = lines(slice.proofs)
      const at = 1 + ((n * 7) % (proofs.length - 1))
      const [seq, ...path] = (proofs[at] ?? '').split(' ')
      const which = n % path.length
      proofs[at] = [seq, ...path.with(which, altered(path[which] ?? '', n))].join(' ')
      return {...slice, proofs: joined(proofs)}
    },
  },
  {
    kind: 'the signed root',
    change: (slice, n) => {
      const parts = slice.checkpoint.split('\n')
      return {...slice, checkpoint: parts.with(2, altered(parts[2] ?? '', n)).join('\n')}
    },
  },
  {
    kind: "the identity's signature",
    change: (slice, n) => {
      const parts = slice.checkpoint.split('\n')
      const [dash, name, data = ''] = (parts[4] ?? '').split(' ')
      // past the four bytes of the key's id
      return {
        ...slice,
        checkpoint: parts.with(4, [dash, name, data.slice(0, 8) + altered(data.slice(8), n * 3)].join(' ')).join('\n'),
      }
    },
  },
]
