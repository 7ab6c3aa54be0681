import type {SliceFiles} from '../trail/format/slice.ts'
import {hexOf} from '../trail/format/bytes.ts'
import {sha256} from './digest.ts'

/** What is wrong with a file of the folder that somebody gave to the page. */
export interface FileFinding {
  readonly path: string
  readonly detail: string
}

export interface Folder {
  readonly slice: SliceFiles | undefined
  readonly findings: readonly FileFinding[]
  readonly files: number
}

/** Reads the bundle's files and holds each against `MANIFEST.sha256`, and evidence against its name. */
export async function readFolder(list: Iterable<File>): Promise<Folder> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const file of list) {
    // `folder/evidence/abc`: the first part is the folder that was chosen
    const path = (file.webkitRelativePath || file.name)
      .split('/')
      .slice(file.webkitRelativePath ? 1 : 0)
      .join('/')
    files.set(path, new Uint8Array(await file.arrayBuffer()))
  }
  const findings: FileFinding[] = []
  const text = (path: string): string | undefined => {
    const bytes = files.get(path)
    if (!bytes) return undefined
    try {
      return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
    } catch {
      findings.push({path, detail: 'is not UTF-8'})
      return undefined
    }
  }
  for (const [path, bytes] of files) {
    const name = /^evidence\/([0-9a-f]{64})$/.exec(path)?.[1]
    if (name !== undefined && (await hashOf(bytes)) !== name)
      findings.push({path, detail: 'is not what its name says: it was altered'})
  }
  const sums = text('MANIFEST.sha256')
  if (sums === undefined) findings.push({path: 'MANIFEST.sha256', detail: 'is missing'})
  for (const line of (sums ?? '').split('\n').filter((one) => one !== '')) {
    const [, sum, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
    const bytes = path === undefined ? undefined : files.get(path)
    if (path === undefined || sum === undefined)
      findings.push({path: 'MANIFEST.sha256', detail: `has a line that is none: ${line}`})
    else if (!bytes) findings.push({path, detail: 'is missing'})
    else if ((await hashOf(bytes)) !== sum) findings.push({path, detail: 'is not the file of MANIFEST.sha256'})
  }
  const [records, proofs, checkpoint] = [text('slice.jsonl'), text('slice.proof'), text('checkpoint')]
  for (const [path, found] of [
    ['slice.jsonl', records],
    ['slice.proof', proofs],
    ['checkpoint', checkpoint],
  ] as const)
    if (found === undefined && !findings.some((one) => one.path === path)) findings.push({path, detail: 'is missing'})
  const slice =
    records === undefined || proofs === undefined || checkpoint === undefined
      ? undefined
      : {records, proofs, checkpoint, consistency: text('slice.consistency')}
  return {slice, findings: findings.toSorted((a, b) => (a.path < b.path ? -1 : 1)), files: files.size}
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const {subtle} = globalThis.crypto ?? {}
  if (!subtle) return sha256(bytes)
  return hexOf(new Uint8Array(await subtle.digest('SHA-256', bytes)))
}
