import {join} from 'node:path'

import {fileStat, hashFile, listFolder, readBounded, readIfPresent} from '../files/read.ts'
import {type Checkpoint, parseCheckpoint} from './format/checkpoint.ts'
import type {Severity} from './format/verify-input.ts'
import {ED25519, parseVkey} from './format/vkey.ts'
import {MAX_CHECKPOINT_BYTES} from './layout.ts'
import {type AddFinding, checkBlobs, type NamedBlobs} from './verify-blobs.ts'

const MAX_MANIFEST = 64 << 20
const MAX_DEPTH = 4
const SUMS = 'MANIFEST.sha256'

/**
 * What lies beside the slice in a bundle: evidence under its hash, the plan whose hash is in the records, copies of parts
 * of the checkpoint, and the sums of everything. A slice without these is still a slice.
 *
 * @param signer vkey of the log, '' when it is not known
 */
export function checkBundle(folder: string, named: NamedBlobs, signer: string, add: AddFinding): void {
  const bundle = fileStat(join(folder, 'manifest.json')) !== undefined
  const withheld = bundle ? withheldIn(folder, add) : new Set<string>()
  checkBlobs(folder, named, add, (sha256): readonly [Severity, string, string] => {
    if (withheld.has(sha256)) return ['note', 'evidence withheld', `${sha256}; manifest.json says who holds it`]
    return [bundle ? 'incomplete' : 'note', 'evidence not here', sha256]
  })
  checkPlan(folder, named, add)
  checkCopies(folder, signer, add)
  if (fileStat(join(folder, SUMS))) checkSums(folder, add)
  else if (bundle) add('failed', 'manifest', `${SUMS} is missing`)
}

/** What the manifest says is held back. It is not signed: it can explain that a blob is absent, and nothing more. */
function withheldIn(folder: string, add: AddFinding): Set<string> {
  try {
    const {withheld} = JSON.parse(readBounded(join(folder, 'manifest.json'), MAX_MANIFEST).toString('utf8')) as {
      withheld: readonly {readonly sha256: unknown}[]
    }
    return new Set(withheld.map(({sha256}) => String(sha256)))
  } catch {
    add('failed', 'manifest', 'manifest.json cannot be read')
    return new Set()
  }
}

function checkPlan(folder: string, {plan}: NamedBlobs, add: AddFinding): void {
  const path = join(folder, 'plan.json')
  if (!fileStat(path) || hashFile(path) === plan?.sha256) return
  add('failed', 'plan differs', 'plan.json is not the plan whose hash is in the records', plan?.seq)
}

/** The copies for tools that cannot read the checkpoint. */
function checkCopies(folder: string, signer: string, add: AddFinding): void {
  let checkpoint: Checkpoint
  let vkey: ReturnType<typeof parseVkey>
  try {
    checkpoint = parseCheckpoint(readBounded(join(folder, 'checkpoint'), MAX_CHECKPOINT_BYTES).toString('utf8'))
    vkey = parseVkey(signer)
  } catch {
    return // reported by the verifier of the slice
  }
  if (vkey.type !== ED25519) return
  const pem = String(vkey.key.export({type: 'spki', format: 'pem'}))
  const signatures = checkpoint.signatures.filter(({name, id}) => name === vkey.name && id === vkey.id)
  for (const [name, wanted] of [
    ['checkpoint.body', [Buffer.from(checkpoint.body)]],
    ['checkpoint.sig', signatures.map(({data}) => Buffer.from(data))],
    ['identity.pub.pem', [Buffer.from(pem)]],
  ] as const) {
    const bytes = readIfPresent(join(folder, name), MAX_CHECKPOINT_BYTES)
    if (bytes && !wanted.some((one) => one.equals(bytes)))
      add('failed', 'copy differs', `${name} is not what the checkpoint and the key say`)
  }
}

/** `MANIFEST.sha256` as `sha256sum -c` reads it, and what lies beside what it lists. */
function checkSums(folder: string, add: AddFinding): void {
  const listed = new Set([SUMS])
  const text = readBounded(join(folder, SUMS), MAX_MANIFEST).toString('latin1')
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}([A-Za-z0-9._/-]{1,200})$/.exec(line) ?? []
    if (sha256 === undefined || name === undefined || name.includes('..') || name.startsWith('/')) {
      add('failed', 'manifest', `a line that is none: ${JSON.stringify(line.slice(0, 80))}`)
      continue
    }
    listed.add(name)
    const path = join(folder, name)
    if (!fileStat(path)) add('failed', 'unreadable', `${name} is missing`)
    else if (hashFile(path) !== sha256) add('failed', 'file altered', `${name} is not the file of the manifest`)
  }
  for (const name of filesBelow(folder)) if (!listed.has(name)) add('note', 'file beside the manifest', JSON.stringify(name))
}

function filesBelow(folder: string, prefix = '', depth = 0): string[] {
  return listFolder(folder).flatMap((name) => {
    const below = fileStat(join(folder, name))?.kind === 'folder' && depth < MAX_DEPTH
    return below ? filesBelow(join(folder, name), `${prefix}${name}/`, depth + 1) : [`${prefix}${name}`]
  })
}
