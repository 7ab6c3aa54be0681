import path from 'node:path'

import {fileStat, readIfPresent} from '../files/read.ts'
import {freeBytes, mayWrite, realPath} from '../files/system.ts'
import {writableProbe} from '../files/write.ts'
import {printable} from '../untrusted.ts'
import type {Finding} from './doctor.ts'

/** Bytes of free disk: below the first incidents should not begin, below the second they cannot. */
const ROOM = {warn: 100 * 1024 * 1024, fail: 5 * 1024 * 1024}

/** A folder of ours: does it exist, whose is it, who else may read or write it? */
export function examineFolder(check: string, where: string): Finding[] {
  const found = fileStat(where)
  const name = printable(where, 200)
  if (!found) {
    const parent = nearestParent(where)
    if (mayWrite(parent)) return [{check, ok: 'ok', detail: `${name} does not exist yet and can be made`}]
    return [
      {
        check,
        ok: 'fail',
        detail: `${name} does not exist and cannot be made: ${printable(parent, 200)} is not writable`,
        hint: 'Set STANCH_DATA_DIR and STANCH_CONFIG_DIR to folders of yours.',
      },
    ]
  }
  if (found.kind !== 'folder')
    return [{check, ok: 'fail', detail: `${name} is no folder`, hint: 'Move it away, or name another folder.'}]
  const own = process.getuid?.()
  if (own !== undefined && found.uid !== own)
    return [{check, ok: 'fail', detail: `${name} belongs to another user (${found.uid})`, hint: 'Use a folder of your own.'}]
  if (process.platform !== 'win32' && (found.mode & 0o022) !== 0)
    return [
      {check, ok: 'fail', detail: `${name} can be changed by others (mode ${octal(found.mode)})`, hint: `chmod 700 ${name}`},
    ]
  try {
    writableProbe(where)
  } catch {
    return [
      {
        check,
        ok: 'fail',
        detail: `${name} cannot be written`,
        hint: 'Without a record nothing is changed: give it room and rights, or name another folder.',
      },
    ]
  }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    return [{check, ok: 'warn', detail: `${name} can be read by others (mode ${octal(found.mode)})`, hint: `chmod 700 ${name}`}]
  return [{check, ok: 'ok', detail: `${name}, mode ${octal(found.mode)}, writable`}]
}

/** Room for the records of an incident. */
export function examineSpace(data: string): Finding[] {
  const free = freeBytes(nearestParent(data))
  if (free === undefined) return []
  const detail = `${Math.floor(free / 1024 / 1024)} MiB free`
  if (free < ROOM.fail)
    return [{check: 'disk-space', ok: 'fail', detail, hint: 'Free some, or set STANCH_DATA_DIR to another disk.'}]
  if (free < ROOM.warn)
    return [{check: 'disk-space', ok: 'warn', detail, hint: 'An incident needs some MiB; free some before it is needed.'}]
  return [{check: 'disk-space', ok: 'ok', detail}]
}

/** The code that runs as you: who else could change it? */
export function installation(root: string): Finding {
  const places = [
    root,
    path.join(root, 'dist'),
    path.join(root, 'dist/main.js'),
    path.join(root, 'node_modules'),
    path.join(root, 'runbooks'),
  ]
  const open = places.filter((one) => ((fileStat(one)?.mode ?? 0) & 0o002) !== 0)
  if (process.platform !== 'win32' && open.length > 0)
    return {
      check: 'installation',
      ok: 'fail',
      detail: `everybody can change ${printable(open[0] ?? '', 200)}`,
      hint: 'chmod -R go-w the folder, and compare it with the repository.',
    }
  const group = places.filter((one) => ((fileStat(one)?.mode ?? 0) & 0o020) !== 0)
  if (process.platform !== 'win32' && group.length > 0)
    return {
      check: 'installation',
      ok: 'warn',
      detail: `your group can change ${printable(group[0] ?? '', 200)}`,
      hint: 'chmod -R g-w the folder.',
    }
  return {check: 'installation', ok: 'ok', detail: printable(root, 200)}
}

/** `npx stanch` runs whatever is called so where you stand. */
export function workingFolder(root: string): Finding {
  const here = realPath(process.cwd())
  if (here === realPath(root)) return {check: 'working-folder', ok: 'ok', detail: 'the clone itself'}
  const planted = ['node_modules/.bin/stanch', 'node_modules/stanch'].find((one) => fileStat(path.join(here, one)))
  const named = planted ?? (callsItselfStanch(path.join(here, 'package.json')) ? 'package.json' : undefined)
  if (named === undefined) return {check: 'working-folder', ok: 'ok', detail: 'nothing here is called stanch'}
  return {
    check: 'working-folder',
    ok: 'warn',
    detail: `${named} of this folder is called stanch: npx would run it instead`,
    hint: `Run npx stanch in ${printable(root, 200)} only.`,
  }
}

function callsItselfStanch(file: string): boolean {
  try {
    const {name, bin} = JSON.parse(readIfPresent(file, 1 << 20)?.toString('utf8') ?? '{}') as {name?: unknown; bin?: unknown}
    return name === 'stanch' || (typeof bin === 'object' && bin !== null && 'stanch' in bin)
  } catch {
    return false
  }
}

/** Sinks and references may name commands: a search path that leads through here leads to planted ones. */
export function searchPath(env: NodeJS.ProcessEnv): Finding {
  const folders = (env['PATH'] ?? '').split(path.delimiter)
  const relative = folders.filter((one) => !path.isAbsolute(one))
  if (relative.length > 0)
    return {
      check: 'path',
      ok: 'warn',
      detail: 'PATH has an entry that is empty or relative; stanch passes it over, your shell does not',
      hint: 'Take it out of PATH.',
    }
  const open = process.platform === 'win32' ? [] : folders.filter((one) => ((fileStat(one)?.mode ?? 0) & 0o002) !== 0)
  if (open.length > 0)
    return {
      check: 'path',
      ok: 'warn',
      detail: `everybody can put commands into ${printable(open[0] ?? '', 200)} of PATH; stanch passes it over`,
      hint: 'Take it out of PATH.',
    }
  return {check: 'path', ok: 'ok', detail: 'every entry of PATH is a whole path that only its owner can write'}
}

function nearestParent(where: string): string {
  let at = where
  while (!fileStat(at) && path.dirname(at) !== at) at = path.dirname(at)
  return at
}

/** File mode as `chmod` takes it. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
