import {StanchError} from '../errors.ts'
import {isLink} from '../files/link.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {createExclusive} from '../files/write.ts'
import type {Secret} from '../secret.ts'
import {checkPublicKey, sealTo} from '../tokens/jwe.ts'
import {quoted} from '../untrusted.ts'
import {tryFolder} from './file-sink.ts'

/** Largest public key file, in bytes. */
const MAX_KEY = 65_536

/** Rejects with `sink.invalid` when the key is unusable, the folder not writable or the file there already. */
export async function trySealed(file: string, keyFile: string): Promise<void> {
  tryFolder(file)
  if (fileStat(file) !== undefined || isLink(file)) {
    throw new StanchError('sink.invalid', `${quoted(file, 200)} exists already; it is left alone.`, {
      hint: 'Name a file that does not exist yet.',
    })
  }
  const key = keyText(keyFile)
  checkPublicKey(key)
  // the check of a key is not the use of it: seal something that is no secret
  await sealTo(key, 'probe')
}

function keyText(keyFile: string): string {
  try {
    return readBounded(keyFile, MAX_KEY).toString('utf8')
  } catch (error) {
    const why = error instanceof StanchError ? error.message : 'unknown'
    throw new StanchError('sink.invalid', `The recipient's key cannot be read: ${why}`)
  }
}

/** Writes the secret as a JWE for the owner of the key. An existing file is left alone: `delivery.failed`. */
export async function deliverSealed(file: string, keyFile: string, secret: Secret): Promise<void> {
  const jwe = await sealTo(keyText(keyFile), secret.reveal())
  // two seals of one secret differ, so a file of an earlier delivery can't be recognised
  if (fileStat(file) !== undefined || isLink(file))
    throw new StanchError('delivery.failed', `${quoted(file, 200)} exists already; it was left alone.`)
  createExclusive(file, `${jwe}\n`)
}
