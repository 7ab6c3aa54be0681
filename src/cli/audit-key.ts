import {randomBytes} from 'node:crypto'

import {systemClock} from '../clock.ts'
import {logId} from '../trail/layout.ts'
import {StanchError} from '../errors.ts'
import {identityVkey} from '../trail/keys.ts'
import {leafOf} from '../trail/format/record.ts'
import {beginNewLog} from '../trail/new-log.ts'
import {readOrigin, readTrail} from '../trail/read-trail.ts'
import {identityOf, openTrail, pathsOf} from './context.ts'
import type {Place} from './context.ts'

type Mode = 'real' | 'sim'

/** What others need to know a trail again. */
export interface AuditKey {
  readonly mode: Mode
  readonly folder: string
  readonly origin: string
  readonly vkey: string
  /** hex leaf hash of record 0 */
  readonly first: string
  /** the key epoch in force, from 0 */
  readonly epoch: number
}

export interface RotatedKey extends AuditKey {
  /** of the checkpoint that seals the epoch, or of the first one of a new log */
  readonly size: number
  readonly checkpoint: string
  /** where the old log lies, when a new one was begun */
  readonly aside?: string
  /** why the old log could not go on */
  readonly refused?: string
}

/** @throws usage.invalid when there is no trail yet; E_KEY_MISSING when its keys are another's */
export function showKey(place: Place, mode: Mode): AuditKey {
  const paths = pathsOf(place)
  const folder = paths.trail(mode)
  const origin = readOrigin(folder)
  if (origin === undefined) {
    throw new StanchError('usage.invalid', `There is no ${mode === 'sim' ? 'simulated' : 'real'} trail in ${folder} yet.`, {
      hint: 'It is made by the first command that has something to record.',
    })
  }
  let first: {vkey: string; leaf: string} | undefined
  let epoch = 0
  for (const record of readTrail(folder)) {
    first ??= {vkey: String(record['vkey']), leaf: leafOf(record)}
    if (record.kind === 'key.epoch') epoch = Number(record['epoch'])
  }
  const vkey = first?.vkey ?? ''
  const own = identityVkey(paths.keys(logId(origin)), origin)
  if (own !== undefined && own !== vkey)
    throw new StanchError(
      'E_KEY_MISSING',
      `The key of this machine for ${origin} is not the one that record 0 of ${folder} names.`,
    )
  return {mode, folder, origin, vkey, first: first?.leaf ?? '', epoch}
}

/** Ends the key epoch. @throws the codes of the trail's format */
export async function rotateKey(place: Place, mode: Mode): Promise<RotatedKey> {
  // A trail is not made in order to rotate its keys.
  showKey(place, mode)
  const trail = await openTrail(place, mode)
  try {
    const {size, text} = trail.rotateEpoch()
    return {...showKey(place, mode), size, checkpoint: text}
  } finally {
    trail.close('key rotation')
  }
}

/** Begins a new log with a new identity; the old one is moved aside, whole. @throws the codes of the trail's format */
export async function newLog(place: Place, mode: Mode, reason: string): Promise<RotatedKey> {
  const paths = pathsOf(place)
  const {trail, aside, refused} = await beginNewLog({
    folder: paths.trail(mode),
    keysOf: (origin) => paths.keys(logId(origin)),
    origin: `stanch.local/${randomBytes(8).toString('hex')}`,
    reason,
    mode,
    clock: systemClock,
    identity: identityOf(place),
  })
  try {
    const {size, text} = trail.checkpoint(true)
    return {
      ...showKey(place, mode),
      size,
      checkpoint: text,
      ...(aside === undefined ? {} : {aside}),
      ...(refused ? {refused: `${refused.code}: ${refused.message}`} : {}),
    }
  } finally {
    trail.close('new log')
  }
}
