import {createPrivateKey, hash, type KeyObject} from 'node:crypto'
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

import {parseCheckpoint, signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import type {Json} from '../../src/trail/format/members.ts'
import {leafHash} from '../../src/trail/format/record.ts'
import {rootOf} from './merkle.ts'
import {type Signer, signerOf} from '../../src/trail/format/signer.ts'
import {COSIGNATURE, ED25519} from '../../src/trail/format/vkey.ts'

export const VECTOR_FOLDER = join(import.meta.dirname, '../vectors/trail/stanch-audit-1')
export const ORIGIN = 'stanch.local/0123456789abcdef'
export const VECTORS = JSON.parse(readFileSync(join(VECTOR_FOLDER, 'vectors.json'), 'utf8')) as {
  seeds: Record<string, string>
  vkeys: {log: string; witness: string}
  leaves: string[]
  roots: string[]
  empty_root: string
  inclusion: {index: number; size: number; path: string[]}[]
  consistency: {from: number; size: number; path: string[]}[]
  correlation: {seq: number; id: string}
  blinding: {tenant: string; target: string; field: string; values: Record<string, string>}
}

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Ed25519 private key from its 32-byte seed (RFC 8032). */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8'})
}

export function seeded(seed: string, name: string, type: typeof ED25519 | typeof COSIGNATURE): Signer {
  return signerOf(name, type, privateKeyFromSeed(Buffer.from(seed, 'hex')))
}

export const SIGNERS = {
  identity: seeded(VECTORS.seeds['identity']!, ORIGIN, ED25519),
  epoch0: seeded(VECTORS.seeds['epoch0']!, `${ORIGIN}/epoch-0`, COSIGNATURE),
  epoch1: seeded(VECTORS.seeds['epoch1']!, `${ORIGIN}/epoch-1`, COSIGNATURE),
  witness: seeded(VECTORS.seeds['witness']!, 'stanch.local/witness/bob', COSIGNATURE),
}

export type Loose = Record<string, Json>

/** The log of the format's test vectors, to be damaged. */
export class VectorLog {
  lines = readFileSync(join(VECTOR_FOLDER, 'records/000000000000.jsonl'), 'utf8').trimEnd().split('\n')
  checkpoint = readFileSync(join(VECTOR_FOLDER, 'checkpoint'), 'utf8')
  readonly kept = new Map(
    [6, 9].map((size) => [size, readFileSync(join(VECTOR_FOLDER, `checkpoints/00000000000${size}`), 'utf8')]),
  )

  record(seq: number): Loose {
    return JSON.parse(this.lines[seq]!) as Loose
  }

  edit(seq: number, change: Loose): this {
    this.lines[seq] = JSON.stringify({...this.record(seq), ...change})
    return this
  }

  /** Recomputes seq and prev of every line from `from` on. */
  rechain(from = 0): this {
    for (let seq = from; seq < this.lines.length; seq++) {
      this.edit(seq, {seq, prev: seq === 0 ? '0'.repeat(64) : leafHash(this.lines[seq - 1]!)})
    }
    return this
  }

  append(record: Loose): this {
    const seq = this.lines.length
    const salt = Buffer.from(hash('sha256', `salt ${seq}`, 'hex').slice(0, 32), 'hex').toString('base64url')
    this.lines.push(
      JSON.stringify({v: 1, seq, prev: leafHash(this.lines.at(-1)!), salt, time: '2026-11-21T11:00:00.000Z', ...record}),
    )
    return this
  }

  note(size: number, signers: readonly Signer[]): string {
    const root = rootOf(this.lines.slice(0, size).map((line) => leafHash(line)))
    return signCheckpoint({origin: ORIGIN, size, root}, signers, 1_795_000_000)
  }

  /** Signs the present state as the newest checkpoint. */
  sign(signers: readonly Signer[] = [SIGNERS.identity, SIGNERS.epoch1]): this {
    this.checkpoint = this.note(this.lines.length, signers)
    this.kept.delete(9)
    this.kept.set(parseCheckpoint(this.checkpoint).size, this.checkpoint)
    return this
  }

  write(folder: string, records: string | Buffer = `${this.lines.join('\n')}\n`): void {
    rmSync(folder, {recursive: true, force: true})
    mkdirSync(join(folder, 'records'), {recursive: true})
    mkdirSync(join(folder, 'checkpoints'))
    writeFileSync(join(folder, 'records/000000000000.jsonl'), records)
    writeFileSync(join(folder, 'checkpoint'), this.checkpoint)
    for (const [size, text] of this.kept) writeFileSync(join(folder, 'checkpoints', String(size).padStart(12, '0')), text)
  }
}
