import {hash} from 'node:crypto'
import {mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'

import {parseCheckpoint, signatureLine, signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import type {Json} from '../../src/trail/format/members.ts'
import {correlationIdOf, leafHashOfBytes} from '../../src/trail/format/record.ts'
import {inclusionProof, rootOf} from './merkle.ts'
import type {Signer} from '../../src/trail/format/signer.ts'
import {COSIGNATURE, ED25519} from '../../src/trail/format/vkey.ts'
import {seeded, VectorLog} from './vector-log.ts'

export type Loose = Record<string, Json>
/** A line: text, or bytes that are no text. */
export type Line = string | Buffer
/** Path to content. */
export type Files = Record<string, Buffer>

/** When the logs of the vectors were signed, NumericDate. */
export const SIGNED_AT = 1_795_000_000
const BEGIN = Date.parse('2026-11-22T03:00:00Z')

export const seedOf = (name: string): string => hash('sha256', `stanch-test-vector-1/${name}`, 'hex')
const bytesOf = (line: Line): Buffer => (typeof line === 'string' ? Buffer.from(line, 'utf8') : line)
const leafOf = (line: Line): string => leafHashOfBytes(bytesOf(line))
const twelve = (size: number): string => String(size).padStart(12, '0')

/** A log in memory with all the keys that ever signed it, to be damaged and signed again as a thief of keys would. */
export class DamagedLog {
  readonly origin: string
  lines: Line[] = []
  /** the text of `checkpoint` */
  checkpoint = ''
  kept = new Map<number, string>()
  witness: Signer | undefined
  readonly #incidents = new Map<string, number>()
  #clock = BEGIN

  constructor(origin: string) {
    this.origin = origin
  }

  get identity(): Signer {
    return seeded(seedOf(this.origin.endsWith('cdef') ? 'identity' : `identity ${this.origin}`), this.origin, ED25519)
  }

  epochSigner(epoch: number): Signer {
    return seeded(seedOf(`epoch${epoch}`), `${this.origin}/epoch-${epoch}`, COSIGNATURE)
  }

  record(seq: number): Loose {
    return JSON.parse(String(this.lines[seq])) as Loose
  }

  leaves(size = this.lines.length): string[] {
    return this.lines.slice(0, size).map(leafOf)
  }

  /** Appends a record with the envelope that is due, unless `members` has its own. @returns its seq */
  add(kind: string, members: Loose = {}, sid?: string): number {
    const seq = this.lines.length
    const last = this.lines.at(-1)
    this.#clock += 250
    const {inc, ...rest} = members
    const numbered: Loose = typeof inc === 'string' ? {inc, iseq: this.#number(inc), ...rest} : members
    const session: Loose = sid === undefined ? {} : {sid, mode: 'real', mono: seq * 250, actor: 'alice@example.com'}
    const record: Loose = {
      v: 1,
      seq,
      prev: last === undefined ? '0'.repeat(64) : leafOf(last),
      salt: Buffer.from(hash('sha256', `stanch-test-vector-1/salt${seq}`, 'hex').slice(0, 32), 'hex').toString('base64url'),
      time: new Date(this.#clock).toISOString(),
      kind,
      ...numbered,
      ...session,
    }
    if ('iseq' in rest) record['iseq'] = rest['iseq']!
    this.lines.push(JSON.stringify(record))
    return seq
  }

  #number(inc: string): number {
    const next = this.#incidents.get(inc) ?? 0
    this.#incidents.set(inc, next + 1)
    return next
  }

  corr(seq: number): string {
    return correlationIdOf(leafOf(this.lines[seq]!))
  }

  edit(seq: number, change: Loose): this {
    const record: Loose = {...this.record(seq), ...change}
    this.lines[seq] = JSON.stringify(record)
    return this
  }

  replace(seq: number, from: string, to: string): this {
    const text = String(this.lines[seq])
    if (!text.includes(from)) throw new Error(`record ${seq} has no ${from}`)
    this.lines[seq] = text.replace(from, () => to)
    return this
  }

  /** Recomputes seq, prev and correlation ids from `from` on, as far as the lines are records. */
  rechain(from = 0): this {
    const moved = new Map<string, string>()
    for (let seq = from; seq < this.lines.length; seq++) {
      const before = this.corr(seq)
      const line = this.lines[seq]!
      const prev = seq === 0 ? '0'.repeat(64) : leafOf(this.lines[seq - 1]!)
      if (typeof line === 'string') {
        let text = line.replace(/^(\{"v":1,"seq":)\d+(,"prev":")[0-9a-f]{64}/, `$1${seq}$2${prev}`)
        for (const [old, now] of moved) text = text.replace(old, now)
        this.lines[seq] = text
      }
      if (before !== this.corr(seq)) moved.set(before, this.corr(seq))
    }
    return this
  }

  note(size: number, signers: readonly Signer[]): string {
    return signCheckpoint({origin: this.origin, size, root: rootOf(this.leaves(size))}, signers, SIGNED_AT)
  }

  /** The epoch that signs a checkpoint of that size, by what the records say. */
  epochAt(size: number): number {
    const before = size === 1 ? 1 : size - 1
    return this.lines.slice(0, before).filter((line) => String(line).includes('"kind":"key.epoch"')).length
  }

  signersAt(size: number): Signer[] {
    return [this.identity, this.epochSigner(this.epochAt(size))]
  }

  /** Signs the newest state and all kept checkpoints again, with every key that ever was. */
  sign(): this {
    const sizes = [...this.kept.keys()].filter((size) => size < this.lines.length)
    this.kept = new Map(sizes.map((size) => [size, this.note(size, this.signersAt(size))]))
    this.checkpoint = this.note(this.lines.length, this.signersAt(this.lines.length))
    if (this.witness) this.checkpoint += signatureLine(parseCheckpoint(this.checkpoint).body, this.witness, SIGNED_AT + 60)
    return this
  }

  seal(): void {
    this.kept.set(this.lines.length, '')
  }

  files(): Files {
    const files: Files = {
      'records/000000000000.jsonl': Buffer.concat(this.lines.flatMap((line) => [bytesOf(line), Buffer.from('\n')])),
      checkpoint: Buffer.from(this.checkpoint),
    }
    for (const [size, text] of this.kept) files[`checkpoints/${twelve(size)}`] = Buffer.from(text)
    return files
  }

  /** The slice of an incident under the newest checkpoint. */
  slice(inc: string): Files {
    const {size} = parseCheckpoint(this.checkpoint)
    const all = this.lines.slice(0, size).map((line) => JSON.parse(String(line)) as Loose)
    const sessions = new Set(all.filter((record) => record['inc'] === inc).map(({sid}) => sid))
    const chosen = all.filter(
      (record, seq) => seq === 0 || record['inc'] === inc || (record['kind'] === 'session.open' && sessions.has(record['sid'])),
    )
    const leaves = this.leaves(size)
    const proof = (seq: number) =>
      [seq, ...inclusionProof(leaves, seq).map((hex) => Buffer.from(hex, 'hex').toString('base64'))].join(' ')
    return {
      'slice.jsonl': Buffer.from(chosen.map(({seq}) => `${String(this.lines[Number(seq)])}\n`).join('')),
      'slice.proof': Buffer.from(chosen.map(({seq}) => `${proof(Number(seq))}\n`).join('')),
      checkpoint: Buffer.from(this.checkpoint),
    }
  }
}

/** The nine records of the format's section 13, with the keys of that section. */
export function nineRecords(): DamagedLog {
  const from = new VectorLog()
  const log = new DamagedLog('stanch.local/0123456789abcdef')
  log.lines = [...from.lines]
  log.checkpoint = from.checkpoint
  log.kept = new Map(from.kept)
  return log
}

/** A longer log: two incidents, two sessions, three epochs, every kind of answer, and texts of many scripts. */
export function longLog(): DamagedLog {
  const log = new DamagedLog('acme.example/stanch/alice-7f3a')
  const [a, b] = ['inc-20261122-aaaaaa', 'inc-20261122-bbbbbb']
  const act = (op: string, action: string, target: string) => ({op, try: 1, action, tenant: 'acme.eu.auth0.com', target})
  const outcome = (inc: string, op: string, action: string, target: string, intent: number, result: string, more: Loose = {}) =>
    log.add(
      'outcome',
      {inc, op, try: 1, intent, action, tenant: 'acme.eu.auth0.com', target, corr: log.corr(intent), result, ...more},
      's-01',
    )
  const epoch = (n: number) => {
    log.add('key.epoch', {epoch: n, epoch_vkey: log.epochSigner(n).vkey.text})
    log.seal()
  }
  log.add('log.open', {
    format: 'stanch-audit/1',
    mode: 'real',
    origin: log.origin,
    vkey: log.identity.vkey.text,
    epoch: 0,
    epoch_vkey: log.epochSigner(0).vkey.text,
    segment: 65536,
    continues: {origin: 'acme.example/stanch/alice-old', size: 77, root: 'ab'.repeat(32)},
    reason: 'the disk was restored',
  })
  log.add(
    'session.open',
    {actor_source: 'os', host: 'resp-1', os_user: 'alice', pid: 1, tool: 'stanch/0.1.0', node: '24.21.0', platform: 'linux'},
    's-01',
  )
  log.add(
    'auth',
    {tenant: 'acme.eu.auth0.com', client_id: 'op', scopes: ['read:clients', 'update:clients'], exp: 1_795_086_400},
    's-01',
  )
  log.add(
    'incident.open',
    {inc: a, tenant: 'acme.eu.auth0.com', title: 'A secret in a CI log', leak: 'client-secret', role: 'lead'},
    's-01',
  )
  log.add('plan', {inc: a, plan_sha256: '11'.repeat(32), evidence: '22'.repeat(32)}, 's-01')
  log.add('decision', {inc: a, question: 'Rotate?', answer: 'yes', choices: ['yes', 'no']}, 's-01')
  const one = log.add(
    'intent',
    {
      inc: a,
      ...act('op-1', 'client_grant.delete', 'grant:cgr_1'),
      req: {method: 'DELETE', path: '/api/v2/client-grants/cgr_1'},
      undo: 'give back',
    },
    's-01',
  )
  outcome(a, 'op-1', 'client_grant.delete', 'grant:cgr_1', one, 'ok', {res: {status: 204, ms: 12}})
  const two = log.add(
    'intent',
    {
      inc: a,
      ...act('op-2', 'client_secret.rotate', 'client:c'),
      req: {method: 'POST', path: '/api/v2/clients/c/rotate-secret'},
      undo: 'none',
    },
    's-01',
  )
  outcome(a, 'op-2', 'client_secret.rotate', 'client:c', two, 'unknown')
  log.add('settle', {inc: a, op: 'op-2', intent: two, result: 'ok', by: 'tenant-log'}, 's-01')
  log.add(
    'session.open',
    {actor_source: 'os', host: 'resp-1', os_user: 'alice', pid: 2, tool: 'stanch/0.1.0', node: '24.21.0', platform: 'linux'},
    's-02',
  )
  log.add('incident.open', {inc: b, tenant: 'acme.eu.auth0.com', title: 'Joined', leak: 'management-token', role: 'join'}, 's-02')
  log.add('note', {inc: a, text: 'ä ✓ 𝄞 שלום \u2028 \u0001\n\t"\\/ <b>'}, 's-01')
  const three = log.add(
    'intent',
    {inc: b, ...act('op-3', 'client_grant.delete', 'grant:cgr_2'), req: {method: 'DELETE', path: '/api/v2/client-grants/cgr_2'}},
    's-02',
  )
  epoch(1)
  outcome(b, 'op-3', 'client_grant.delete', 'grant:cgr_2', three, 'refused', {res: {status: 403, ms: 9}})
  log.add('incident.close', {inc: a, all_clear_at: '2026-11-23T03:00:00Z', disposition: 'contained'}, 's-01')
  epoch(2)
  log.add('log.recovered', {signed_size: 19, tail_from: 19, torn_bytes: 17, torn_sha256: '33'.repeat(32)})
  log.add('gap', {inc: b, what: 'logs before 2026-11-01', why: 'retention'}, 's-02')
  log.add('incident.close', {inc: b, all_clear_at: '2026-11-23T03:00:00Z'}, 's-02')
  log.add('peer.seen', {origin: 'acme.example/stanch/bob', size: 5, root: '44'.repeat(32)}, 's-01')
  log.add('session.close', {reason: 'done'}, 's-01')
  log.add('session.close', {reason: 'done'}, 's-02')
  log.witness = seeded(seedOf('witness'), 'stanch.local/witness/bob', COSIGNATURE)
  return log.sign()
}

/** Writes files below a folder, which is made anew. */
export function writeFiles(folder: string, files: Files): void {
  rmSync(folder, {recursive: true, force: true})
  mkdirSync(folder, {recursive: true})
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), {recursive: true})
    writeFileSync(join(folder, name), bytes)
  }
}
