import {type Checkpoint, checkpointBody, signatureProblem, type TreeHead} from './checkpoint.ts'
import {Continuity} from './continuity.ts'
import {countersignatures} from './countersigned.ts'
import {Epochs} from './epochs.ts'
import {Findings} from './findings.ts'
import {isKind} from './members.ts'
import {BAD_ENVELOPE, NO_PREVIOUS, NOT_CANONICAL, parseRecord, type StoredRecord} from './record.ts'
import {readRecordZero} from './record-zero.ts'
import {Frontier} from './tree.ts'
import {type Anchor, openDetail, type Verification} from './verification.ts'
import {
  type CheckpointFile,
  type Due,
  readOutside,
  readOwn,
  readVkey,
  type Report,
  splitMessage,
  type Trust,
} from './verify-input.ts'
import {ED25519, type VerifierKey} from './vkey.ts'

/** Where the kind stands behind prev: `","salt":"22 characters","time":"24 characters","kind":"`. */
const KIND_AT = '","salt":"'.length + 22 + '","time":"'.length + 24 + '","kind":"'.length
const KEY_EPOCH = 'key.epoch"'

/** A line where it lies in memory. */
export interface RawLine {
  readonly leaf: string
  /** undefined when its bytes are not UTF-8 */
  text(): string | undefined
  /** `length` bytes from `from`, one character each */
  part(from: number, length: number): string
}

/**
 * The verifier of the format's section 8.1 over a stream of lines; memory does not grow with the records. It never
 * throws for what it reads: everything becomes a finding. Give it every line in order, then call `finish`.
 */
export class LogVerifier {
  readonly findings = new Findings()
  readonly #frontier = new Frontier()
  readonly #continuity = new Continuity()
  readonly #epochs = new Epochs()
  readonly #anchors: Anchor[] = []
  readonly #witnesses: readonly string[]
  /** checkpoints not reached yet, smallest first */
  readonly #due: Due[]
  readonly #sizes: ReadonlySet<number>
  readonly #newest: Checkpoint | undefined
  /** own checkpoints with a line beyond those of log and epoch, smallest first: a witness may have signed an older one */
  readonly #countersigned: readonly Checkpoint[]
  readonly #tip: Checkpoint | undefined
  readonly #largest: TreeHead | undefined
  readonly #unknownKinds = new Set<string>()
  readonly #first: string | undefined
  readonly #pinned: boolean
  #vkey: VerifierKey | undefined
  #origin: string | undefined
  #mode = ''
  #prev = NO_PREVIOUS
  #time = ''
  #agreeing = 0
  #lastSeal: number | undefined
  #unread = 0
  #tipRoot: string | undefined

  /** @param newest the file `checkpoint` @param kept those of the folder `checkpoints` @param tip a hint; a bad one says nothing */
  constructor(trust: Trust, newest: CheckpointFile | undefined, kept: readonly CheckpointFile[], tip?: Checkpoint) {
    this.#first = trust.first
    this.#vkey = trust.vkey === undefined ? undefined : readVkey(trust.vkey, this.report)
    if (this.#vkey && this.#vkey.type !== ED25519) this.report('failed', 'bad vkey', 'not the key of a log')
    this.#pinned = this.#vkey !== undefined
    this.#origin = this.#vkey?.name
    this.#witnesses = trust.witness ?? []
    const own = [...kept, ...(newest ? [newest] : [])].map((file) => readOwn(file, this.report))
    if (!newest) this.report('failed', 'malformed checkpoint', 'there is no checkpoint')
    this.#newest = newest && own.at(-1)?.checkpoint
    const inside = own.filter((due) => due !== undefined)
    this.#largest = inside.map((due) => due.head).toSorted((a, b) => b.size - a.size)[0]
    this.#countersigned = inside
      .flatMap(({checkpoint}) => (checkpoint && checkpoint.signatures.length > 2 ? [checkpoint] : []))
      .toSorted((a, b) => a.size - b.size)
    this.#sizes = new Set(inside.map((due) => due.head.size))
    this.#tip = tip
    const outside = (trust.known ?? []).map((text, i) => readOutside(text, i, this.report))
    this.#due = [...inside, ...outside.filter((due) => due !== undefined)].toSorted((a, b) => a.head.size - b.head.size)
    this.#reachCheckpoints()
  }

  /** Says something about the files that the lines came from. */
  get report(): Report {
    return this.findings.reporter
  }

  /** How many lines it was given. */
  get records(): number {
    return this.#frontier.size
  }

  /** @param line without LF; undefined when its bytes are not UTF-8 */
  add(line: string | undefined, leaf: string): void {
    const seq = this.#frontier.size
    const record = this.#read(line, seq)
    if (record) this.#check(record, seq, leaf)
    this.#fold(leaf)
  }

  /** As `add`, but looks at hashes, order and keys only: the rules of records are left unchecked, and `finish` says so. */
  addHashed(line: RawLine): void {
    const seq = this.#frontier.size
    const start = `{"v":1,"seq":${seq},"prev":"${this.#prev}`
    const inOrder = line.part(0, start.length) === start
    if (seq === 0 || !inOrder || line.part(start.length + KIND_AT, KEY_EPOCH.length) === KEY_EPOCH) {
      const record = this.#read(line.text(), seq)
      if (record) this.#check(record, seq, line.leaf)
    } else {
      this.#unread++
      this.#checkSeal(seq)
    }
    this.#fold(line.leaf)
  }

  #fold(leaf: string): void {
    this.#prev = leaf
    this.#frontier.add(leaf)
    if (this.#due.length > 0) this.#reachCheckpoints()
    if (this.#tip?.size === this.#frontier.size) this.#tipRoot = this.#frontier.root()
  }

  finish(): Verification {
    const records = this.#frontier.size
    const {findings} = this
    if (records === 0) this.report('failed', 'nothing to verify', 'there are no records')
    for (const due of this.#due) {
      this.report('failed', 'truncated or rolled back', `${due.name} covers ${due.head.size} records, the log has ${records}`)
    }
    this.#checkSeal(undefined)
    this.#checkTail(records)
    if (this.#unread === 0) {
      for (const intent of this.#continuity.openIntents()) findings.add('incomplete', ...openDetail(intent), intent.seq)
    } else {
      this.report('incomplete', 'rules not checked', `of ${this.#unread} records only hashes, order and signatures were checked`)
    }
    this.#anchors.push(...countersignatures(this.#witnesses, this.#newest, this.#countersigned, this.report))
    this.#limits()
    const {failed, incomplete} = findings
    return {
      ok: failed === 0,
      complete: failed === 0 && incomplete === 0,
      form: 'log',
      records,
      size: this.#largest?.size ?? 0,
      root_hash: this.#largest?.root ?? '',
      checkpoints: this.#agreeing,
      signer: this.#vkey?.text ?? '',
      mode: this.#mode,
      anchors: this.#anchors,
      findings: findings.list(),
      first_bad: findings.firstBad,
    }
  }

  #failed(kind: string, detail: string, seq: number): void {
    this.findings.add('failed', kind, detail, seq)
  }

  #read(line: string | undefined, seq: number): StoredRecord | undefined {
    if (line === undefined) {
      this.#failed(NOT_CANONICAL, 'not UTF-8', seq)
      return undefined
    }
    try {
      return parseRecord(line, this.#prev)
    } catch (error) {
      this.#failed(...splitMessage(error), seq)
      return undefined
    }
  }

  #check(record: StoredRecord, seq: number, leaf: string): void {
    const {kind, time} = record
    if (record.seq !== seq) this.#failed(BAD_ENVELOPE, `seq is ${record.seq}`, seq)
    if (record.prev !== this.#prev)
      this.#failed(
        'prev does not match',
        seq === 0 ? 'it follows no record' : `record ${seq - 1} is not the one it was written after: one of the two was changed`,
        seq,
      )
    if (time < this.#time) this.findings.add('incomplete', 'time goes back', `from ${this.#time} to ${time}`, seq)
    this.#time = time
    this.#checkSeal(seq)
    if (seq === 0) this.#begin(record, leaf)
    if (this.#unread === 0) {
      const problem = this.#continuity.problem(record)
      if (problem) this.#failed(problem.kind, problem.detail, seq)
    }
    if (kind === 'log.open' || kind === 'key.epoch') {
      const bad = this.#epochs.announce(record, this.#origin ?? '')
      if (bad !== undefined) this.#failed('bad vkey', bad, seq)
    }
    if (kind === 'key.epoch') this.#lastSeal = seq
    if (!isKind(kind)) this.#unknownKind(kind, seq)
    if (kind === 'log.recovered') this.#recovered(record, seq)
    this.#continuity.apply(record, leaf)
  }

  #begin(record: StoredRecord, leaf: string): void {
    const zero = readRecordZero(record, leaf, {vkey: this.#vkey, first: this.#first}, this.findings)
    this.#vkey = zero.vkey
    this.#origin ??= zero.origin
    this.#mode = zero.mode
    if (zero.pinned) this.#anchors.push({type: 'first_record', detail: leaf})
    const {continues} = record
    if (typeof continues === 'object' && continues !== null) {
      const {origin, size} = continues as {origin?: unknown; size?: unknown}
      const detail = `${JSON.stringify(origin)} up to size ${String(size)}, because: ${JSON.stringify(record['reason'])}`
      this.findings.add('note', 'continues another log', detail, 0)
    }
  }

  #recovered(record: StoredRecord, seq: number): void {
    const {signed_size: signed, tail_from: from, torn_bytes: torn} = record
    const detail = `records ${String(signed)} to ${Number(from) - 1} were found unsigned, ${String(torn)} torn bytes were cut off`
    this.findings.add(
      'note',
      'recovered',
      Number(signed) < Number(from) ? detail : `${String(torn)} torn bytes were cut off`,
      seq,
    )
  }

  /** A key.epoch record at index i needs the seal of size i+1, else whoever has the newer key could rewrite the older epoch. */
  #checkSeal(next: number | undefined): void {
    const seal = this.#lastSeal
    if (seal === undefined || next === seal) return
    this.#lastSeal = undefined
    if (!this.#sizes.has(seal + 1)) this.#failed('epoch without seal', `there is no checkpoint of size ${seal + 1}`, seal)
  }

  #unknownKind(kind: string, seq: number): void {
    if (this.#unknownKinds.has(kind)) return
    this.#unknownKinds.add(kind)
    const detail = `${JSON.stringify(kind)} is not known to this version; it is covered by the signatures like all others`
    this.findings.add('note', 'unknown kind', detail, seq)
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
    const before = this.findings.failed
    if (head.origin !== this.#origin) this.report('failed', 'checkpoint of another log', `${name} is of ${head.origin}`)
    if (head.root !== this.#frontier.root())
      this.report('failed', 'altered or forked', `the first ${head.size} records are not those that ${name} covers`)
    if (checkpoint) {
      for (const vkey of [this.#vkey, this.#epochs.inForce(head.size)]) {
        const problem = vkey ? signatureProblem(checkpoint, vkey) : 'no signature by the epoch in force'
        if (problem) this.report('failed', problem, name)
      }
    }
    return this.findings.failed === before
  }

  #checkTail(records: number): void {
    const signed = this.#largest?.size
    if (signed === undefined || records <= signed) return
    const range = signed === records - 1 ? `record ${signed} is` : `records ${signed} to ${records - 1} are`
    const detail = `${range} covered by no checkpoint${this.#tipCovers() ? `; the tip signs the first ${this.#tip!.size} records` : ''}`
    this.findings.add('incomplete', 'not in the signed tree', detail, signed)
  }

  #tipCovers(): boolean {
    const tip = this.#tip
    if (!tip || tip.origin !== this.#origin || tip.root !== this.#tipRoot) return false
    const epoch = this.#epochs.inForce(tip.size)
    return epoch !== undefined && signatureProblem(tip, epoch) === undefined
  }

  #limits(): void {
    if (!this.#pinned) this.report('note', 'signer not pinned', 'the vkey was taken from the log itself')
    if (!this.#anchors.some(({type}) => type !== 'witness')) {
      this.report('note', 'first record not pinned', 'a rollback, or a rewrite by a holder of the keys, cannot be excluded')
    }
  }
}
