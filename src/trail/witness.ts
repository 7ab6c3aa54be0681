import {createPrivateKey, generateKeyPairSync} from 'node:crypto'
import {join} from 'node:path'

import {StanchError} from '../errors.ts'
import {Lock} from '../files/lock.ts'
import {fileStat, readBounded, readIfPresent} from '../files/read.ts'
import {createExclusive, ensureFolder, writeDurably} from '../files/write.ts'
import {quoted} from '../untrusted.ts'
import {type Checkpoint, parseBody, parseCheckpoint, signatureLine, signatureProblem, type TreeHead} from './format/checkpoint.ts'
import {consistencyMessage, parseConsistencyMessage} from './format/consistency-message.ts'
import {verifyConsistency} from './format/tree.ts'
import {type Signer, signerOf} from './format/signer.ts'
import {COSIGNATURE, ED25519, isKeyName, parseVkey} from './format/vkey.ts'
import {type About, keptCheckpoints, recordAnchor} from './anchors.ts'
import {keptPath, logId} from './layout.ts'
import type {Trail} from './trail.ts'

const MAX_STATE = 4096
const MAX_KEY_FILE = 16_384
const LOCK_MS = 10_000

/** What a witness last signed of one log. */
interface Seen extends TreeHead {
  /** the log's vkey, as it was first given */
  readonly vkey: string
}

export interface Cosigned {
  readonly origin: string
  readonly size: number
  readonly root: string
  /** one signature line with its LF */
  readonly line: string
  /** the witness' own vkey, for the roster */
  readonly vkey: string
}

/**
 * The key with which this machine countersigns other logs; made when there is none.
 *
 * @throws {StanchError} `E_KEY_MODE`, `E_KEY_MISSING`
 */
export function witnessSigner(keys: string, origin: string): Signer {
  const file = join(keys, 'witness.pem')
  if (!fileStat(file)) {
    ensureFolder(keys)
    createExclusive(file, generateKeyPairSync('ed25519').privateKey.export({type: 'pkcs8', format: 'pem'}))
  }
  // Windows has no such modes.
  if (process.platform !== 'win32' && ((fileStat(file)?.mode ?? 0) & 0o077) !== 0)
    throw new StanchError('E_KEY_MODE', `${file} can be read by others.`, {hint: `chmod 600 ${file}`})
  try {
    return signerOf(`${origin}/witness`, COSIGNATURE, createPrivateKey(readBounded(file, MAX_KEY_FILE)))
  } catch {
    throw new StanchError('E_KEY_MISSING', `${file} is not an Ed25519 private key.`)
  }
}

/** What the responder of a log sends to a witness: its newest checkpoint, and the proof that it extends the older one. */
export function witnessRequest(trail: Trail, old: number): string {
  const head = trail.checkpoint(true)
  if (!Number.isSafeInteger(old) || old < 0 || old > head.size)
    throw new StanchError('usage.invalid', `The trail has ${head.size} records; the witness cannot have seen ${old}.`)
  return consistencyMessage(old, old === 0 || old === head.size ? [] : trail.consistency(old, head.size), head.text)
}

/**
 * Countersigns a checkpoint of another log, if its log signed it and it extends what this witness last signed of that
 * log. What was signed is remembered, durably, before the line leaves.
 *
 * @param keys folder of this machine's own log
 * @param vkey of the other log; needed the first time, afterwards it must be the same
 * @param time NumericDate
 * @throws {StanchError} `audit.not_verified` for a signature, a proof or a size that does not fit; `usage.invalid` when the
 *   proof starts elsewhere than at what was last signed
 */
export function cosign(keys: string, origin: string, message: string, vkey: string | undefined, time: number): Cosigned {
  const signer = witnessSigner(keys, origin)
  const {old, path, checkpoint} = parseConsistencyMessage(pastedText(message))
  if (checkpoint.origin === origin)
    throw new StanchError('usage.invalid', 'This is a checkpoint of your own trail: a witness is somebody else.')
  ensureFolder(join(keys, 'witnessed'))
  const lock = new Lock(join(keys, 'witnessed', 'lock.db'), LOCK_MS)
  try {
    return lock.hold(() => {
      const file = join(keys, 'witnessed', logId(checkpoint.origin))
      const seen = readSeen(file)
      const known = knownVkey(seen, vkey, checkpoint)
      refuseUnsigned(checkpoint, known)
      refuseInconsistent(seen, old, path, checkpoint)
      writeDurably(file, `${known}\n${checkpoint.body}`)
      const {size, root} = checkpoint
      return {origin: checkpoint.origin, size, root, line: signatureLine(checkpoint.body, signer, time), vkey: signer.vkey.text}
    })
  } finally {
    lock.close()
  }
}

function knownVkey(seen: Seen | undefined, vkey: string | undefined, checkpoint: Checkpoint): string {
  if (seen && vkey !== undefined && seen.vkey !== vkey) {
    throw new StanchError(
      'audit.not_verified',
      `The key of ${checkpoint.origin} is not the one that was given the first time. Nothing was signed.`,
      {
        hint: 'Ask its owner in person. A log never changes its identity key.',
      },
    )
  }
  const known = seen?.vkey ?? vkey
  if (known !== undefined) return known
  throw new StanchError('usage.missing_flag', `This machine has not seen ${checkpoint.origin} before: its key is needed.`, {
    hint: 'Take it from the roster or from its owner (stanch audit key show), not from the message: --vkey VKEY',
  })
}

function refuseUnsigned(checkpoint: Checkpoint, vkey: string): void {
  const key = parseVkey(vkey)
  if (key.type !== ED25519) throw new StanchError('audit.not_verified', 'bad vkey: not the key of a log')
  const problem = key.name === checkpoint.origin ? signatureProblem(checkpoint, key) : 'checkpoint of another log'
  if (problem !== undefined) throw new StanchError('audit.not_verified', `${problem}. Nothing was signed.`)
}

function refuseInconsistent(seen: Seen | undefined, old: number, path: readonly string[], checkpoint: Checkpoint): void {
  const {size, root} = checkpoint
  const last = seen?.size ?? 0
  if (seen && size < seen.size) {
    throw new StanchError(
      'audit.not_verified',
      `truncated or rolled back: this witness signed ${seen.size} records of ${seen.origin}, the message has ${size}. Nothing was signed.`,
    )
  }
  if (seen && size === seen.size) {
    if (root === seen.root && path.length === 0) return
    throw new StanchError(
      'audit.not_verified',
      `altered or forked: another root at ${size} records was signed before. Nothing was signed.`,
    )
  }
  if (old !== last) {
    throw new StanchError('usage.invalid', `The proof starts at ${old} records; this witness last signed ${last}.`, {
      hint: `Ask for: stanch audit witness request --old ${last}`,
    })
  }
  const proven = seen ? verifyConsistency(seen.size, seen.root, size, root, path) : path.length === 0
  if (!proven)
    throw new StanchError(
      'audit.not_verified',
      `altered or forked: the proof does not lead from ${last} to ${size} records. Nothing was signed.`,
    )
}

/** @throws {StanchError} `audit.not_verified` for a memory that was changed: then nothing is signed */
function readSeen(file: string): Seen | undefined {
  const bytes = readIfPresent(file, MAX_STATE)
  if (bytes === undefined) return undefined
  const text = bytes.toString('utf8')
  const end = text.indexOf('\n')
  return {vkey: text.slice(0, end), ...parseBody(text.slice(end + 1))}
}

/**
 * Adds a witness' line to the kept checkpoint that it signs, and records it as an anchor.
 *
 * @param pasted the line, or text that holds it
 * @param vkeys of witnesses, from the roster or the flag: never from what was pasted
 * @throws {StanchError} `audit.not_verified` when no kept checkpoint is what one of these witnesses signed
 */
export function addCosignature(
  trail: Trail,
  pasted: string,
  vkeys: readonly string[],
  about: About = {},
): {size: number; root: string; witness: string} {
  const lines = pastedText(pasted)
    .split('\n')
    .filter((line) => line.startsWith('\u2014 '))
  if (lines.length === 0)
    throw new StanchError('input.invalid', 'There is no signature line in what was pasted.', {
      hint: 'It begins with a long dash: — NAME BASE64',
    })
  const keys = vkeys.map((text) => parseVkey(text)).filter((key) => key.type === COSIGNATURE)
  if (keys.length === 0) throw new StanchError('audit.not_verified', 'bad vkey: not the key of a witness')
  for (const checkpoint of keptCheckpoints(trail.folder)) {
    for (const line of lines) {
      const signed = withLine(checkpoint, line)
      const key = keys.find(
        (one) => signed && signatureProblem(signed, one) === undefined && line.startsWith(`\u2014 ${one.name} `),
      )
      if (!key || !signed) continue
      const {size, root} = checkpoint
      if (checkpoint.text.includes(`${line}\n`)) return {size, root, witness: key.name}
      writeDurably(keptPath(trail.folder, size), signed.text)
      recordAnchor(trail, {size, root}, 'cosignature', `${checkpoint.body}\n${line}\n`, about)
      return {size, root, witness: key.name}
    }
  }
  throw new StanchError(
    'audit.not_verified',
    `bad signature: no checkpoint of this trail is what ${keys.map(({name}) => quoted(name, 80)).join(' or ')} signed.`,
  )
}

function withLine(checkpoint: Checkpoint, line: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(checkpoint.text.includes(`${line}\n`) ? checkpoint.text : `${checkpoint.text}${line}\n`)
  } catch {
    return undefined
  }
}

/** Chats and mails add carriage returns, blanks at line ends, and fences around what is pasted. */
export function pastedText(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/[ \t\r]+$/, ''))
  const inside = lines.filter((line) => !/^```\w*$/.test(line))
  while (inside[0] === '') inside.shift()
  while (inside.at(-1) === '') inside.pop()
  return `${inside.join('\n')}\n`
}

/** Vkeys of the witnesses in a roster: lines `witness NAME VKEY` of a C2SP tlog-policy, or a vkey at the end of any line. */
export function rosterVkeys(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const word = line.trim().split(/\s+/).at(-1) ?? ''
    if (line.startsWith('#') || !isKeyName(word.split('+')[0] ?? '')) return []
    try {
      return [parseVkey(word).text]
    } catch {
      return []
    }
  })
}
