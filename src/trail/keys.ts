import {createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes} from 'node:crypto'
import {join} from 'node:path'

import {StanchError} from '../errors.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {ensureFolder, eraseFile, replaceAndErase, writeDurably} from '../files/write.ts'
import type {Epochs} from './format/epochs.ts'
import {type Signer, signerOf} from './format/signer.ts'
import {COSIGNATURE, ED25519, epochName, type VerifierKey, verifierKey} from './format/vkey.ts'

const BLIND_BYTES = 32
const MAX_KEY_FILE = 16_384
const EPOCH = 'epoch.pem'
const NEXT = 'epoch.next.pem'

/** The private side of one log. */
export interface LogKeys {
  /** stable; its vkey is what others know the log by */
  readonly identity: Signer
  /** of the current epoch; replaced at each rotation */
  epoch: Signer
  readonly blind: Buffer
}

/** Makes what is missing of the keys of a log that has no record yet. @throws {StanchError} `E_DISK` */
export function createKeys(folder: string): void {
  ensureFolder(folder)
  for (const name of ['identity.pem', EPOCH]) {
    if (fileStat(join(folder, name))) continue
    const {privateKey} = generateKeyPairSync('ed25519')
    writeDurably(join(folder, name), privateKey.export({type: 'pkcs8', format: 'pem'}))
  }
  if (!fileStat(join(folder, 'blind.key'))) writeDurably(join(folder, 'blind.key'), randomBytes(BLIND_BYTES))
}

/**
 * The keys of a log.
 *
 * @param known what the log itself says about its keys; absent for a log that has no record yet
 * @throws {StanchError} `E_KEY_MISSING` (absent, unreadable, or not the keys of this log), `E_KEY_MODE`
 */
export function loadKeys(folder: string, origin: string, known?: {vkey: string; epochs: Epochs}): LogKeys {
  const identity = signerOf(origin, ED25519, privateKey(folder, 'identity.pem'))
  if (known && identity.vkey.text !== known.vkey) throw otherLog(folder, 'identity.pem', origin)
  const epoch = known ? epochSigner(folder, known.epochs) : fileSigner(folder, EPOCH, epochName(origin, 0))
  return {identity, epoch, blind: blindKey(folder)}
}

/**
 * The signer of the current epoch; that of the one before, when a crash left the rotation half done and the new key
 * still waits in `epoch.next.pem`: `finishRotation` then ends it.
 */
export function epochSigner(folder: string, epochs: Epochs): Signer {
  const [current, previous] = [epochs.current(), epochs.previous()]
  if (!current) throw new StanchError('E_CHAIN', 'The log names no epoch key.')
  const signer = fileSigner(folder, EPOCH, current.name)
  if (signer.vkey.text === current.text) return signer
  const older = previous && fileSigner(folder, EPOCH, previous.name)
  if (older?.vkey.text === previous?.text && older && waitingKey(folder, current)) return older
  throw otherLog(folder, EPOCH, current.name)
}

/** True when `epoch.next.pem` holds the key of that epoch. */
export function waitingKey(folder: string, epoch: VerifierKey): boolean {
  return fileStat(join(folder, NEXT)) !== undefined && fileSigner(folder, NEXT, epoch.name).vkey.text === epoch.text
}

/** Step 1 of a rotation: the key of the next epoch, durable. @returns its vkey */
export function createNextKey(folder: string, name: string): string {
  eraseFile(join(folder, NEXT))
  const {privateKey: key} = generateKeyPairSync('ed25519')
  writeDurably(join(folder, NEXT), key.export({type: 'pkcs8', format: 'pem'}))
  return signerOf(name, COSIGNATURE, key).vkey.text
}

/** Step 4 of a rotation: the next key takes the place of the old one, which is overwritten. */
export function installNextKey(folder: string): void {
  replaceAndErase(join(folder, NEXT), join(folder, EPOCH))
}

/** A next key that no record announced is of no use to anybody. */
export function dropNextKey(folder: string): void {
  eraseFile(join(folder, NEXT))
}

function fileSigner(folder: string, file: string, name: string): Signer {
  return signerOf(name, COSIGNATURE, privateKey(folder, file))
}

/** The vkey of a log's identity, for the team's roster; undefined when this machine holds no such key. */
export function identityVkey(folder: string, origin: string): string | undefined {
  if (!fileStat(join(folder, 'identity.pem'))) return undefined
  return verifierKey(origin, ED25519, createPublicKey(privateKey(folder, 'identity.pem'))).text
}

function privateKey(folder: string, name: string): KeyObject {
  const pem = keyFile(folder, name)
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // falls through: the parser's own message may quote the file
  }
  throw new StanchError('E_KEY_MISSING', `${join(folder, name)} is not an Ed25519 private key.`)
}

export function blindKey(folder: string): Buffer {
  const key = keyFile(folder, 'blind.key')
  if (key.length !== BLIND_BYTES)
    throw new StanchError('E_KEY_MISSING', `${join(folder, 'blind.key')} has not ${BLIND_BYTES} bytes.`)
  return key
}

function keyFile(folder: string, name: string): Buffer {
  const path = join(folder, name)
  const stat = fileStat(path)
  if (!stat) {
    throw new StanchError('E_KEY_MISSING', `${path} is missing.`, {
      hint: 'Without its keys a trail can be read but not continued. Name another data folder to go on.',
    })
  }
  // Windows has no such modes.
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    throw new StanchError('E_KEY_MODE', `${path} can be read by others (mode ${stat.mode.toString(8)}).`, {
      hint: `chmod 600 ${path}`,
    })
  }
  try {
    return readBounded(path, MAX_KEY_FILE)
  } catch (cause) {
    throw new StanchError('E_KEY_MISSING', `${path} cannot be read.`, {cause})
  }
}

function otherLog(folder: string, name: string, origin: string): StanchError {
  return new StanchError('E_KEY_MISSING', `${join(folder, name)} is not the key of the log ${origin}.`)
}

/**
 * A keyed fingerprint: the same value gives the same string, and nobody without the key can test guesses.
 *
 * @see audit format, section 9
 */
export function blinded(key: Uint8Array, tenant: string, target: string, field: string, value: string): string {
  return `hmac-sha256:${createHmac('sha256', key).update(`${tenant} ${target} ${field}\0${value}`).digest('hex')}`
}
