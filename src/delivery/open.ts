import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'
import {Secret} from '../secret.ts'
import {openSealed} from '../tokens/jwe.ts'
import {quoted} from '../untrusted.ts'

/** Largest sealed delivery and largest private key, in bytes. */
const MAX_FILE = 262_144

/**
 * The secret in a delivery that was sealed to the owner's key. `keyFile` holds the private key (PEM or JWK).
 * Rejects with `input.unreadable`, `input.too_large`, `delivery.unreadable` (wrong key, damaged, no sealed delivery).
 */
export async function openDelivery(file: string, keyFile: string): Promise<Secret> {
  const jwe = readBounded(file, MAX_FILE).toString('utf8').trim()
  const key = new Secret(readBounded(keyFile, MAX_FILE).toString('utf8'))
  try {
    return new Secret(await openSealed(jwe, key.reveal()))
  } catch (error) {
    if (error instanceof StanchError) throw error
    throw new StanchError('delivery.unreadable', `${quoted(file, 200)} can't be opened with that key.`)
  }
}
