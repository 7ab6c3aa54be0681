import path from 'node:path'

import {readIfPresent} from '../files/read.ts'
import {ensureFolder, replaceUnsynced} from '../files/write.ts'
import {printable} from '../untrusted.ts'

/*
 * Names of clients for the shell's completion, which asks no tenant: a line `client_id TAB name` each, the newest first,
 * in the cache folder, 0600. A hint and nothing more: no decision rests on it, and without it ids alone are completed.
 */

/** Most that is kept; practice tenants make new clients at every start. */
const MOST = {real: 5000, sim: 50} as const
/** Columns of a name in a list of candidates. */
const NAME = 60
const MOST_BYTES = 4 << 20
const ID = /^[A-Za-z0-9_-]{1,64}$/

export const KNOWN_CLIENTS = {real: 'clients.tsv', sim: 'clients-sim.tsv'} as const

/** Adds what was read to what is known. Names are tenant text: nothing in them ends a line or is obeyed by a terminal. */
export function rememberClients(cache: string, mode: 'real' | 'sim', names: ReadonlyMap<string, string>): void {
  const file = path.join(cache, KNOWN_CLIENTS[mode])
  const before = readIfPresent(file, MOST_BYTES)?.toString('utf8') ?? ''
  const lines = [...names].filter(([id]) => ID.test(id)).map(([id, name]) => `${id}\t${printable(name, NAME)}\n`)
  for (const line of before.split('\n')) {
    const [id = '', name = ''] = line.split('\t')
    if (ID.test(id) && !names.has(id)) lines.push(`${id}\t${printable(name, NAME)}\n`)
  }
  const after = lines.slice(0, MOST[mode]).join('')
  if (after === before) return
  ensureFolder(cache)
  replaceUnsynced(file, after)
}
