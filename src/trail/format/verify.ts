import {type Checkpoint, checkpointBody, signatureProblem, type TreeHead} from './checkpoint.ts'
import {Continuity, type OpenIntent} from './continuity.ts'
import {Epochs} from './epochs.ts'
import {KINDS} from './members.ts'
import {BAD_ENVELOPE, leafHash, leafHashOfBytes, NO_PREVIOUS, NOT_CANONICAL, parseRecord, type StoredRecord} from './record.ts'
import {Frontier} from './tree.ts'
import {
  type CheckpointFile,
  type Due,
  readOutside,
  readOwn,
  readVkey,
  type Report,
  type Severity,
  splitMessage,
  type Trust,
} from './verify-input.ts'
import {ED25519, type VerifierKey} from './vkey.ts'

/** More findings than these are counted, not listed. */
const MAX_FINDINGS = 100

export interface Finding {
  /** of the record it is about */
  readonly seq?: number
  readonly kind: string
  readonly detail: string
}

export interface Anchor {
  readonly type: 'first_record' | 'known_checkpoint' | 'witness'
  readonly detail: string
}

export interface Verification {
  /** nothing failed */
  readonly ok: boolean
  /** nothing is uncovered or unanswered either */
  readonly complete: boolean
  readonly records: number
  /** of the newest checkpoint of the log */
  readonly size: number
  /** hex, at that size */
  readonly root_hash: string
  /** how many checkpoints agree with the records */
  readonly checkpoints: number
  /** vkey of the log's identity */
  readonly signer: string
  readonly mode: string
  readonly anchors: readonly Anchor[]
  readonly findings: readonly Finding[]
}

/**
 * The verifier of the format's section 8.1 over a stream of lines; memory does not grow with the records. It never
 * throws for what it reads: everything becomes a finding. Give it every line in order, then call `finish`.
 */
export class LogVerifier {
  readonly #frontier = new Frontier()
  readonly #continuity = new Continuity()
  readonly #epochs = new Epochs()
  readonly #reporter: Report = (severity, kind, detail) => this.#report(severity, kind, detail)
  readonly #findings: Finding[] = []
  readonly #worst: Record<Severity, number> = {failed: 0, incomplete: 0, note: 0}
  readonly #anchors: Anchor[] = []
  readonly #witnesses: VerifierKey[] = []
  /** checkpoints not reached yet, smallest first */
  readonly #due: Due[]
  readonly #sizes: ReadonlySet<number>
  readonly #newest: Checkpoint | undefined
  readonly #largest: TreeHead | undefined
  readonly #unknownKinds = new Set<string>()
  readonly #first: string | undefined
  #vkey: VerifierKey | undefined
  readonly #pinned: boolean
  #origin: string | undefined
  #mode = ''
  #prev = NO_PREVIOUS
  #time = ''
  #agreeing = 0
  #lastSeal: number | undefined

  /** @param newest the file `checkpoint` @param kept those of the folder `checkpoints` */
  constructor(trust: Trust, newest: CheckpointFile | undefined, kept: readonly CheckpointFile[]) {
    this.#first = trust.first
    this.#vkey = trust.vkey === undefined ? undefined : readVkey(trust.vkey, this.#reporter)
    if (this.#vkey && this.#vkey.type !== ED25519) this.#report('failed', 'bad vkey', 'not the key of a log')
    this.#pinned = this.#vkey !== undefined
    this.#origin = this.#vkey?.name
    for (const text of trust.witness ?? []) {
      const vkey = readVkey(text, this.#reporter)
      if (vkey) this.#witnesses.push(vkey)
    }
    const own = [...kept, ...(newest ? [newest] : [])].map((file) => readOwn(file, this.#reporter))
    if (!newest) this.#report('failed', 'malformed checkpoint', 'there is no checkpoint')
    this.#newest = newest && own.at(-1)?.checkpoint
    const inside = own.filter((due) => due !== undefined)
    this.#largest = inside.map((due) => due.head).toSorted((a, b) => b.size - a.size)[0]
    this.#sizes = new Set(inside.map((due) => due.head.size))
    const outside = (trust.known ?? []).map((text, i) => readOutside(text, i, this.#reporter))
    this.#due = [...inside, ...outside.filter((due) => due !== undefined)].toSorted((a, b) => a.head.size - b.head.size)
    this.#reachCheckpoints()
  }

  /** @param line undefined when `bytes` are not UTF-8 @param bytes without LF */
  add(line: string | undefined, bytes: Uint8Array): void {
    const seq = this.#frontier.size
    const leaf = line === undefined ? leafHashOfBytes(bytes) : leafHash(line)
    const record = this.#read(line, seq)
    if (record) this.#check(record, seq, leaf)
    this.#prev = leaf
    this.#frontier.add(leaf)
    this.#reachCheckpoints()
  }

  /** Says something about the files that the lines came from. */
  get report(): Report {
    return this.#reporter
  }

  finish(): Verification {
    const records = this.#frontier.size
    if (records === 0) this.#report('failed', 'nothing to verify', 'there are no records')
    for (const due of this.#due) {
      this.#report('failed', 'truncated or rolled back', `${due.name} covers ${due.head.size} records, the log has ${records}`)
    }
    this.#checkSeal(undefined)
    const largest = this.#largest
    if (largest && records > largest.size) {
      this.#report(
        'incomplete',
        'not in the signed tree',
        `records ${largest.size} to ${records - 1} are covered by no checkpoint`,
        largest.size,
      )
    }
    for (const intent of this.#continuity.openIntents()) this.#report('incomplete', ...openDetail(intent), intent.seq)
    this.#checkWitnesses()
    this.#limits()
    const {failed, incomplete} = this.#worst
    const left = failed + incomplete + this.#worst.note - this.#findings.length
    return {
      ok: failed === 0,
      complete: failed === 0 && incomplete === 0,
      records,
      size: largest?.size ?? 0,
      root_hash: largest?.root ?? '',
      checkpoints: this.#agreeing,
      signer: this.#vkey?.text ?? '',
      mode: this.#mode,
      anchors: this.#anchors,
      findings: left > 0 ? [...this.#findings, {kind: 'more findings', detail: `${left} more are not listed`}] : this.#findings,
    }
  }

  #report(severity: Severity, kind: string, detail: string, seq?: number): void {
    this.#worst[severity]++
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(seq === undefined ? {kind, detail} : {seq, kind, detail})
  }

  #read(line: string | undefined, seq: number): StoredRecord | undefined {
    if (line === undefined) {
      this.#report('failed', NOT_CANONICAL, 'not UTF-8', seq)
      return undefined
    }
    try {
      return parseRecord(line)
    } catch (error) {
      this.#report('failed', ...splitMessage(error), seq)
      return undefined
    }
  }

  #check(record: StoredRecord, seq: number, leaf: string): void {
    if (record.seq !== seq) this.#report('failed', BAD_ENVELOPE, `seq is ${record.seq}`, seq)
    if (record.prev !== this.#prev)
      this.#report('failed', 'prev does not match', 'the record before is not the one it was written after', seq)
    if (record.time < this.#time) this.#report('incomplete', 'time goes back', `from ${this.#time} to ${record.time}`, seq)
    this.#time = record.time
    this.#checkSeal(seq)
    if (seq === 0) this.#begin(record, leaf)
    const problem = this.#continuity.problem(record)
    if (problem) this.#report('failed', problem.kind, problem.detail, seq)
    if (record.kind === 'log.open' || record.kind === 'key.epoch') {
      const bad = this.#epochs.announce(record, this.#origin ?? '')
      if (bad !== undefined) this.#report('failed', 'bad vkey', bad, seq)
    }
    if (record.kind === 'key.epoch') this.#lastSeal = seq
    if (!Object.hasOwn(KINDS, record.kind)) this.#unknownKind(record.kind, seq)
    this.#continuity.apply(record, leaf)
  }

  #begin(record: StoredRecord, leaf: string): void {
    if (record.kind !== 'log.open') this.#report('failed', BAD_ENVELOPE, 'record 0 is not log.open', 0)
    if (record['format'] !== 'stanch-audit/1')
      this.#report(
        'failed',
        BAD_ENVELOPE,
        `format ${JSON.stringify(record['format'])} is not known; this program knows stanch-audit/1`,
        0,
      )
    if (record['epoch'] !== 0) this.#report('failed', 'key epoch out of order', 'record 0 does not begin epoch 0', 0)
    this.#mode = String(record['mode'])
    if (this.#mode !== 'real' && this.#mode !== 'sim') this.#report('failed', 'mode differs', 'neither real nor sim', 0)
    const named = String(record['vkey'])
    this.#vkey ??= readVkey(named, this.#reporter)
    this.#origin ??= this.#vkey?.name
    if (this.#vkey?.text !== named || record['origin'] !== this.#origin) {
      this.#report(
        'failed',
        'record 0 not the registered one',
        `record 0 names the key ${JSON.stringify(named.slice(0, 200))}`,
        0,
      )
    }
    if (this.#first === undefined) return
    if (this.#first.toLowerCase() === leaf) this.#anchors.push({type: 'first_record', detail: leaf})
    else this.#report('failed', 'record 0 not the registered one', `its leaf hash is ${leaf}`, 0)
  }

  /** A key.epoch record at index i needs the seal of size i+1, else whoever has the newer key could rewrite the older epoch. */
  #checkSeal(next: number | undefined): void {
    const seal = this.#lastSeal
    if (seal === undefined || next === seal) return
    this.#lastSeal = undefined
    if (!this.#sizes.has(seal + 1))
      this.#report('failed', 'epoch without seal', `there is no checkpoint of size ${seal + 1}`, seal)
  }

  #unknownKind(kind: string, seq: number): void {
    if (this.#unknownKinds.has(kind)) return
    this.#unknownKinds.add(kind)
    this.#report(
      'note',
      'unknown kind',
      `${JSON.stringify(kind)} is not known to this version; it is covered by the signatures like all others`,
      seq,
    )
  }

  /** The records that the next checkpoints cover are complete: does it sign exactly these, with the keys in force? */
  #reachCheckpoints(): void {
    for (let due = this.#due[0]; due && due.head.size === this.#frontier.size; due = this.#due[0]) {
      this.#due.shift()
      if (this.#agrees(due)) {
        this.#agreeing++
        if (due.outside)
          this.#anchors.push({type: 'known_checkpoint', detail: checkpointBody(due.head).trim().replaceAll('\n', ' ')})
      }
    }
  }

  #agrees({name, head, checkpoint}: Due): boolean {
    const before = this.#worst.failed
    if (head.origin !== this.#origin) this.#report('failed', 'checkpoint of another log', `${name} is of ${head.origin}`)
    if (head.root !== this.#frontier.root())
      this.#report('failed', 'altered or forked', `the first ${head.size} records are not those that ${name} covers`)
    if (checkpoint) {
      for (const vkey of [this.#vkey, this.#epochs.inForce(head.size)]) {
        const problem = vkey ? signatureProblem(checkpoint, vkey) : 'no signature by the epoch in force'
        if (problem) this.#report('failed', problem, name)
      }
    }
    return this.#worst.failed === before
  }

  #checkWitnesses(): void {
    for (const vkey of this.#witnesses) {
      const problem = this.#newest ? signatureProblem(this.#newest, vkey) : `no signature by ${vkey.name}`
      if (problem) this.#report('failed', problem, 'checkpoint')
      else this.#anchors.push({type: 'witness', detail: vkey.text})
    }
  }

  #limits(): void {
    if (!this.#pinned) this.#report('note', 'signer not pinned', 'the vkey was taken from the log itself')
    if (!this.#anchors.some(({type}) => type !== 'witness')) {
      this.#report('note', 'first record not pinned', 'a rollback, or a rewrite by a holder of the keys, cannot be excluded')
    }
  }
}

function openDetail({state, op, try: attempt}: OpenIntent): [string, string] {
  return state === 'sent'
    ? ['intent without outcome', `${op}, try ${attempt}`]
    : ['outcome unknown and not settled', `${op}, try ${attempt}`]
}
