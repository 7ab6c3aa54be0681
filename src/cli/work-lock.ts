import {hash} from 'node:crypto'
import path from 'node:path'

import {StanchError, isCode} from '../errors.ts'
import {Lock} from '../files/lock.ts'
import {ensureFolder} from '../files/write.ts'
import {quoted} from '../untrusted.ts'
import type {Connected} from './context.ts'

/** How long a process that is just ending may still hold it, milliseconds. */
const PATIENCE_MS = 200

/**
 * From this machine one process at a time works on a client of a tenant: two that look at the same trail at the same moment
 * would both see a rotation that is still ahead. The kernel lets go of it when its process dies, so that none is ever stale.
 * Responders on two machines are told of each other by the tenant's log.
 *
 * @throws guard.live_incident at once, before anything is sent
 */
export function workAlone({paths, mode, origin}: Connected, clientId: string): Lock {
  const folder = path.join(paths.data, 'locks')
  ensureFolder(folder)
  const name = hash('sha256', `${mode} ${origin.origin} ${clientId}`, 'hex').slice(0, 16)
  const lock = new Lock(path.join(folder, `${name}.lock`), PATIENCE_MS)
  try {
    lock.take()
    return lock
  } catch (cause) {
    lock.close()
    if (!isCode(cause, 'E_LOCKED')) throw cause
    throw new StanchError(
      'guard.live_incident',
      `Another stanch on this machine is at work on client ${quoted(clientId, 64)} right now. Nothing was changed.`,
      {hint: 'Wait until it is done, or end it with Ctrl-C; then look where it stands: stanch incident list', cause},
    )
  }
}
