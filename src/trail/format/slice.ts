import {StanchError} from '../../errors.ts'
import {base64Of, bytesOfHex, hexOf, strictBase64} from './bytes.ts'
import {type Checkpoint, checkpointBody, parseCheckpoint, signatureProblem} from './checkpoint.ts'
import {Continuity} from './continuity.ts'
import {countersignatures} from './countersigned.ts'
import {Findings} from './findings.ts'
import {BAD_ENVELOPE, leafHash, NO_PREVIOUS, parseRecord, type StoredRecord} from './record.ts'
import {readRecordZero} from './record-zero.ts'
import {OlderStates} from './older-states.ts'
import {pathLength, verifyInclusion} from './tree.ts'
import {type Anchor, openDetail, type Verification} from './verification.ts'
import {readOutside, readVkey, splitMessage, type Trust} from './verify-input.ts'
import {ED25519, type VerifierKey} from './vkey.ts'

/** A tree of 2^53 records has paths of 53 hashes. */
const MAX_PATH = 53
const MAX_RECORDS = 1_000_000

/** The texts of a slice's three files. */
export interface SliceFiles {
  /** `slice.jsonl` */
  readonly records: string
  /** `slice.proof` */
  readonly proofs: string
  readonly checkpoint: string
  /** `slice.consistency`, where there is one */
  readonly consistency?: string | undefined
}

/**
 * The slice of one incident, each record with its inclusion proof.
 *
 * @param records those of the log, oldest first; read twice, so no one-time iterator
 * @param checkpoint the signed note that the proofs lead to; later records are left out
 * @param proofOf inclusion path of a record in the tree of the checkpoint's size, hex, leaf side first
 * @throws {StanchError} `incident.unknown` when the checkpoint covers no record of that incident
 */
export function makeSlice(
  records: Iterable<StoredRecord>,
  inc: string,
  checkpoint: string,
  proofOf: (seq: number) => readonly string[],
): SliceFiles {
  const chosen = sliceRecords(records, inc, parseCheckpoint(checkpoint).size)
  if (chosen.length === 0)
    throw new StanchError('incident.unknown', `No signed record of ${JSON.stringify(inc)} is in this trail.`)
  const proofs = chosen.map(({seq}) => [seq, ...proofOf(seq).map((hash) => base64Of(bytesOfHex(hash)))].join(' '))
  return {records: chosen.map((record) => `${JSON.stringify(record)}\n`).join(''), proofs: `${proofs.join('\n')}\n`, checkpoint}
}

/**
 * What belongs to the slice of an incident: record 0, the sessions it refers to with the credentials that they used, all
 * of its own records. Empty when it has none.
 *
 * @param records read twice, so no one-time iterator
 * @param size records from there on are left out
 */
export function sliceRecords(records: Iterable<StoredRecord>, inc: string, size = Infinity): StoredRecord[] {
  const sessions = new Set<unknown>()
  for (const record of records) if (record.seq < size && isAbout(record, inc)) sessions.add(record['sid'])
  if (sessions.size === 0) return []
  const chosen: StoredRecord[] = []
  for (const record of records) if (record.seq < size && belongs(record, inc, sessions)) chosen.push(record)
  return chosen
}

/** What comes after an incident's end (an export, an anchor) has no number in it any more and names it as its target. */
function isAbout({inc: own, target}: StoredRecord, inc: string): boolean {
  return own === undefined ? target === `incident:${inc}` : own === inc
}

function belongs(record: StoredRecord, inc: string, sessions: ReadonlySet<unknown>): boolean {
  if (record.seq === 0 || isAbout(record, inc)) return true
  const {kind, inc: own, sid} = record
  return (kind === 'session.open' || (kind === 'auth' && own === undefined)) && sessions.has(sid)
}

/** Verifies a slice (the format's section 8.2). Never throws for what it reads: everything becomes a finding. */
export function verifySlice(files: SliceFiles, trust: Trust = {}): Verification {
  return new SliceVerifier(files, trust).verify()
}

class SliceVerifier {
  readonly #files: SliceFiles
  readonly #trust: Trust
  readonly #findings = new Findings()
  readonly #anchors: Anchor[] = []
  readonly #continuity = new Continuity()
  readonly #open = new Set<string>()
  #vkey: VerifierKey | undefined
  readonly #anchored: {readonly seq: number; readonly type: string; readonly size: number; readonly root: string}[] = []
  #mode = ''
  #time = ''
  #last: {seq: number; leaf: string} = {seq: -1, leaf: NO_PREVIOUS}
  #incidents = 0

  constructor(files: SliceFiles, trust: Trust) {
    this.#files = files
    this.#trust = trust
  }

  verify(): Verification {
    const {vkey: pinned} = this.#trust
    if (pinned !== undefined) this.#vkey = readVkey(pinned, this.#findings.reporter)
    if (this.#vkey && this.#vkey.type !== ED25519) this.#failed('bad vkey', 'not the key of a log')
    const checkpoint = this.#checkpoint()
    const records = this.#records(checkpoint)
    if (records === 0) this.#failed('nothing to verify', 'the slice has no record')
    else if (this.#incidents === 0) this.#failed('nothing to verify', 'the slice has no record of an incident')
    for (const inc of this.#open)
      this.#findings.add('incomplete', 'incident without its end', `${inc} has no incident.close here`)
    for (const intent of this.#continuity.openIntents()) this.#findings.add('incomplete', ...openDetail(intent), intent.seq)
    if (checkpoint) this.#signatures(checkpoint)
    if (checkpoint) this.#states(checkpoint, new OlderStates(this.#files.consistency ?? '', checkpoint, this.#findings.reporter))
    this.#limits()
    const {failed, incomplete} = this.#findings
    return {
      ok: failed === 0,
      complete: failed === 0 && incomplete === 0,
      form: 'slice',
      records,
      size: checkpoint?.size ?? 0,
      root_hash: checkpoint?.root ?? '',
      checkpoints: checkpoint && failed === 0 ? 1 : 0,
      signer: this.#vkey?.text ?? '',
      mode: this.#mode,
      anchors: this.#anchors,
      findings: this.#findings.list(),
      first_bad: this.#findings.firstBad,
    }
  }

  #failed(kind: string, detail: string, seq?: number): void {
    this.#findings.add('failed', kind, detail, seq)
  }

  #checkpoint(): Checkpoint | undefined {
    try {
      return parseCheckpoint(this.#files.checkpoint)
    } catch (error) {
      this.#failed(...splitMessage(error))
      return undefined
    }
  }

  /** @returns how many lines there are */
  #records(checkpoint: Checkpoint | undefined): number {
    const lines = this.#lines(this.#files.records, 'slice.jsonl')
    const proofs = this.#lines(this.#files.proofs, 'slice.proof')
    if (lines.length !== proofs.length)
      this.#failed('proof too long or short', `${lines.length} records and ${proofs.length} proofs`)
    for (const [i, line] of lines.entries()) {
      const proof = this.#proof(proofs[i] ?? '', i)
      this.#record(line, i, proof, checkpoint)
    }
    return lines.length
  }

  #lines(text: string, name: string): string[] {
    if (text === '') return []
    if (!text.endsWith('\n')) this.#failed('torn last line', `${name} does not end with a line end`)
    const lines = text.replace(/\n$/, '').split('\n')
    if (lines.length <= MAX_RECORDS) return lines
    this.#failed('unreadable', `${name} has more than ${MAX_RECORDS} lines`)
    return lines.slice(0, MAX_RECORDS)
  }

  #proof(line: string, i: number): {seq: number; path: string[]} | undefined {
    const bad = (kind: string, detail: string) => void this.#failed(kind, `line ${i + 1} of slice.proof: ${detail}`)
    const [digits = '', ...path64] = line.split(' ')
    if (!/^(0|[1-9]\d{0,15})$/.test(digits)) return bad('not in the signed tree', 'no index')
    if (path64.length > MAX_PATH) return bad('proof too long', `${path64.length} hashes`)
    const path: string[] = []
    for (const text of path64) {
      const hash = strictBase64(text)
      if (hash === undefined) return bad('base64 not canonical', text.slice(0, 60))
      if (hash.length !== 32) return bad('base64 not canonical', 'a hash of another length')
      path.push(hexOf(hash))
    }
    return {seq: Number(digits), path}
  }

  #record(line: string, i: number, proof: {seq: number; path: string[]} | undefined, checkpoint: Checkpoint | undefined): void {
    let record: StoredRecord
    try {
      record = parseRecord(line)
    } catch (error) {
      return this.#failed(...splitMessage(error), proof?.seq)
    }
    const {seq} = record
    const leaf = leafHash(line)
    if (i === 0) this.#begin(record, leaf)
    if (proof && proof.seq !== seq) this.#failed(BAD_ENVELOPE, `seq is ${seq}, its proof is for ${proof.seq}`, seq)
    if (seq <= this.#last.seq) this.#failed(BAD_ENVELOPE, `record ${seq} after record ${this.#last.seq}`, seq)
    if (seq === this.#last.seq + 1 && record.prev !== this.#last.leaf)
      this.#failed(
        'prev does not match',
        `record ${seq - 1} is not the one it was written after: one of the two was changed`,
        seq,
      )
    if (proof && checkpoint) this.#included(leaf, proof, checkpoint)
    if (record.time < this.#time) this.#findings.add('incomplete', 'time goes back', `from ${this.#time} to ${record.time}`, seq)
    this.#time = record.time
    this.#last = {seq, leaf}
    this.#rules(record, leaf)
  }

  #included(leaf: string, {seq, path}: {seq: number; path: readonly string[]}, {size, root}: Checkpoint): void {
    if (seq < size && path.length > pathLength(seq, size))
      this.#failed('proof too long', `${path.length} hashes where ${pathLength(seq, size)} are due`, seq)
    else if (!verifyInclusion(leaf, seq, size, root, path))
      this.#failed('not in the signed tree', 'its inclusion proof does not lead to the signed root', seq)
  }

  #begin(record: StoredRecord, leaf: string): void {
    if (record.seq !== 0) return this.#failed(BAD_ENVELOPE, 'the slice does not begin with record 0')
    const zero = readRecordZero(record, leaf, {vkey: this.#vkey, first: this.#trust.first}, this.#findings)
    this.#vkey = zero.vkey
    this.#mode = zero.mode
    if (zero.pinned) this.#anchors.push({type: 'first_record', detail: leaf})
  }

  #rules(record: StoredRecord, leaf: string): void {
    const problem = this.#continuity.problem(record)
    if (problem) this.#failed(problem.kind, problem.detail, record.seq)
    this.#continuity.apply(record, leaf)
    const {inc, size, root, type} = record
    if (record.kind === 'anchor' && typeof size === 'number' && typeof root === 'string')
      this.#anchored.push({seq: record.seq, type: String(type), size, root})
    if (typeof inc !== 'string') return
    this.#incidents++
    if (record.kind === 'incident.close') this.#open.delete(inc)
    else this.#open.add(inc)
  }

  /** The epoch line is not asked for: a slice does not hold the records that say which epoch was in force. */
  #signatures(checkpoint: Checkpoint): void {
    const vkey = this.#vkey
    if (vkey && checkpoint.origin !== vkey.name)
      this.#failed('checkpoint of another log', `checkpoint is of ${checkpoint.origin}`)
    const problem = vkey ? signatureProblem(checkpoint, vkey) : 'no signature by a known key'
    if (problem) this.#failed(problem, 'checkpoint')
    this.#anchors.push(...countersignatures(this.#trust.witness ?? [], checkpoint, [], this.#findings.reporter))
  }

  /** Other states of the log, held outside or named by `anchor` records: each must be one that the checkpoint extends. */
  #states(checkpoint: Checkpoint, older: OlderStates): void {
    for (const [i, text] of (this.#trust.known ?? []).entries()) {
      const due = readOutside(text, i, this.#findings.reporter)
      if (!due) continue
      const same = older.includes(due.head)
      if (due.head.origin !== checkpoint.origin) this.#failed('checkpoint of another log', `${due.name} is of ${due.head.origin}`)
      else if (same === undefined)
        this.#findings.add('note', 'not compared', `${due.name} is of size ${due.head.size}, for which there is no proof here`)
      else if (!same) this.#failed('altered or forked', `${due.name} has another root at size ${due.head.size}`)
      else this.#anchors.push({type: 'known_checkpoint', detail: checkpointBody(due.head).trim().replaceAll('\n', ' ')})
    }
    for (const {seq, type, size, root} of this.#anchored) {
      const same = older.includes({origin: checkpoint.origin, size, root})
      if (same) this.#findings.add('note', 'anchor on record', `${type} of size ${size}, a state of this log`, seq)
      else if (same === false)
        this.#findings.add('failed', 'altered or forked', `the anchor names another root at size ${size}`, seq)
    }
  }

  #limits(): void {
    const note = (kind: string, detail: string) => this.#findings.add('note', kind, detail)
    if (this.#trust.vkey === undefined) note('signer not pinned', 'the vkey was taken from the slice itself')
    if (!this.#anchors.some(({type}) => type !== 'witness'))
      note('first record not pinned', 'a rollback, or a rewrite by a holder of the keys, cannot be excluded')
  }
}
