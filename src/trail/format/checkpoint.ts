import {StanchError} from '../../errors.ts'
import {base64Of, bytesOfHex, fillFromHex, hexOf, strictBase64, utf8} from './bytes.ts'
import {verifySignature} from './signature.ts'
import type {Signer} from './signer.ts'
import {COSIGNATURE, ED25519, isKeyName, type VerifierKey} from './vkey.ts'

const MAX_LINES = 100
const MAX_TEXT = 65_536
const DASH = '\u2014'
// oxlint-disable-next-line no-control-regex -- a signed note has line ends and no other control character
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/

/** What a log was at one moment. */
export interface TreeHead {
  readonly origin: string
  /** number of records */
  readonly size: number
  /** hex */
  readonly root: string
}

export interface SignatureLine {
  readonly name: string
  /** 8 hex digits */
  readonly id: string
  readonly data: Uint8Array
}

/** A C2SP checkpoint (tlog-checkpoint v1.0.0) in a C2SP signed note (signed-note v1.0.0). */
export interface Checkpoint extends TreeHead {
  /** the three signed lines */
  readonly body: string
  readonly signatures: readonly SignatureLine[]
  readonly text: string
}

export function checkpointBody(head: TreeHead): string {
  return `${head.origin}\n${head.size}\n${base64Of(bytesOfHex(head.root))}\n`
}

/**
 * A signed note over `head`. A signer of type 0x04 gives a timestamped cosignature.
 *
 * @param time NumericDate for cosignatures, whole seconds
 */
export function signCheckpoint(head: TreeHead, signers: readonly Signer[], time: number): string {
  const body = checkpointBody(head)
  return `${body}\n${signers.map((signer) => signatureLine(body, signer, time)).join('')}`
}

/** One signature line with its LF; also what a witness adds to a checkpoint of another log. */
export function signatureLine(body: string, signer: Signer, time: number): string {
  const {name, id, type} = signer.vkey
  const timed = type === COSIGNATURE
  const signature = signer.sign(timed ? cosigned(body, time) : utf8(body))
  const data = new Uint8Array((timed ? 12 : 4) + signature.length)
  fillFromHex(data, 0, id)
  if (timed) new DataView(data.buffer).setBigUint64(4, BigInt(time))
  data.set(signature, timed ? 12 : 4)
  return `${DASH} ${name} ${base64Of(data)}\n`
}

function cosigned(body: string, time: number | bigint): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${body}`)
}

/**
 * Reads the three lines of a body.
 *
 * @throws {StanchError} `audit.not_verified`: malformed checkpoint, base64 not canonical
 */
export function parseBody(body: string): TreeHead {
  const lines = body.split('\n')
  if (lines.length !== 4 || lines[3] !== '') throw bad('malformed checkpoint', 'the body has not exactly three lines')
  const [origin, digits, root64] = lines as [string, string, string]
  if (!isKeyName(origin)) throw bad('malformed checkpoint', 'origin')
  const size = Number(digits)
  if (!/^(0|[1-9]\d{0,15})$/.test(digits) || !Number.isSafeInteger(size)) throw bad('malformed checkpoint', 'size')
  const root = strictBase64(root64)
  if (root === undefined) throw bad('base64 not canonical', 'root')
  if (root.length !== 32) throw bad('malformed checkpoint', 'root')
  return {origin, size, root: hexOf(root)}
}

/** @throws {StanchError} `audit.not_verified`: malformed checkpoint, malformed signature line, base64 not canonical */
export function parseCheckpoint(text: string): Checkpoint {
  // A replacement character stands where bytes were no UTF-8.
  if (text.length > MAX_TEXT || !text.isWellFormed() || text.includes('\ufffd') || CONTROL.test(text))
    throw bad('malformed checkpoint', 'not a signed note')
  const end = text.indexOf('\n\n')
  if (end < 0 || !text.endsWith('\n')) throw bad('malformed checkpoint', 'no empty line between body and signatures')
  const body = text.slice(0, end + 1)
  const lines = text.slice(end + 2, -1).split('\n')
  if (lines.length > MAX_LINES) throw bad('malformed checkpoint', `more than ${MAX_LINES} signature lines`)
  return {...parseBody(body), body, signatures: lines.map(parseSignatureLine), text}
}

function parseSignatureLine(line: string): SignatureLine {
  const [dash, name, data64, more] = line.split(' ')
  if (dash !== DASH || !name || /[+\s]/.test(name) || data64 === undefined || more !== undefined)
    throw bad('malformed signature line', line.slice(0, 60))
  const data = strictBase64(data64)
  if (data === undefined) throw bad('base64 not canonical', `signature of ${name}`)
  if (data.length < 5) throw bad('malformed signature line', `signature of ${name} is too short`)
  return {name, id: hexOf(data.subarray(0, 4)), data: data.subarray(4)}
}

/**
 * Looks for the lines of one key. Lines of other keys are ignored; every line of this key must verify.
 *
 * @returns undefined when a valid line is there, else what is wrong: `no signature by NAME`, `bad signature by NAME`
 */
export function signatureProblem(checkpoint: Checkpoint, vkey: VerifierKey): string | undefined {
  const lines = checkpoint.signatures.filter((line) => line.name === vkey.name && line.id === vkey.id)
  if (lines.length === 0) return `no signature by ${vkey.name}`
  return lines.every((line) => isValid(checkpoint.body, line, vkey)) ? undefined : `bad signature by ${vkey.name}`
}

function isValid(body: string, line: SignatureLine, vkey: VerifierKey): boolean {
  if (vkey.type === ED25519) return verifySignature(vkey.key, utf8(body), line.data)
  if (line.data.length !== 72) return false
  return verifySignature(
    vkey.key,
    cosigned(body, new DataView(line.data.buffer, line.data.byteOffset).getBigUint64(0)),
    line.data.subarray(8),
  )
}

function bad(kind: string, detail: string): StanchError {
  return new StanchError('audit.not_verified', `${kind}: ${detail}`)
}
