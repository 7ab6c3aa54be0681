import path from 'node:path'

import {systemClock} from '../clock.ts'
import {fileStat, readIfPresent} from '../files/read.ts'
import {freeBytes, kernelFile, mayWrite, realPath} from '../files/system.ts'
import {writableProbe} from '../files/write.ts'
import {printable, quoted} from '../untrusted.ts'
import {logId} from '../config/paths.ts'
import type {DataPaths} from '../config/paths.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'
import type {Finding} from './doctor.ts'
import {optionDanger} from './environment-gaps.ts'

/** Bytes of free disk: below the first incidents should not begin, below the second they cannot. */
const ROOM = {warn: 100 * 1024 * 1024, fail: 5 * 1024 * 1024}

/** Last day of support of the long-term releases (nodejs/Release schedule.json). */
const END_OF_LIFE: Readonly<Record<number, string>> = {22: '2027-04-30', 24: '2028-04-30', 26: '2029-04-30'}

/** Everything on this machine that an incident depends on or is endangered by. Changes nothing. */
export async function examineMachine(place: Place): Promise<Finding[]> {
  const paths = pathsOf(place)
  return [
    node(),
    nodeOptions(place.env),
    ...tls(place.env),
    proxy(place.env),
    inspector(),
    ...core(),
    ...folder('data-folder', paths.data),
    ...folder('config-folder', paths.config),
    ...space(paths.data),
    ...(await trails(paths)),
    installation(place.config.root),
    workingFolder(place.config.root),
    searchPath(place.env),
    terminal(place.env),
  ]
}

function node(): Finding {
  const {node: version} = process.versions
  const major = Number(version.split('.')[0])
  const end = END_OF_LIFE[major]
  const today = new Date(systemClock.now()).toISOString().slice(0, 10)
  if (major % 2 === 1)
    return {
      check: 'node',
      ok: 'warn',
      detail: `Node ${version} is no long-term release`,
      hint: 'Use an even release: nodejs.org.',
    }
  if (end !== undefined && today > end)
    return {
      check: 'node',
      ok: 'warn',
      detail: `Node ${version} has had no security fixes since ${end}`,
      hint: 'Use a newer one: nodejs.org.',
    }
  return {check: 'node', ok: 'ok', detail: `Node ${version}${end === undefined ? '' : `, supported until ${end}`}`}
}

function nodeOptions(env: NodeJS.ProcessEnv): Finding {
  const options = env['NODE_OPTIONS'] ?? ''
  if (options === '') return {check: 'node-options', ok: 'ok', detail: 'NODE_OPTIONS is not set'}
  const detail = `NODE_OPTIONS is ${quoted(options, 120)}`
  const danger = options.split(/\s+/).map(optionDanger).find(Boolean)
  if (danger !== undefined)
    return {check: 'node-options', ok: 'fail', detail: `${detail}: it ${danger}`, hint: 'unset NODE_OPTIONS'}
  return {check: 'node-options', ok: 'warn', detail, hint: 'unset NODE_OPTIONS, unless you know why it is set'}
}

function tls(env: NodeJS.ProcessEnv): Finding[] {
  const findings: Finding[] = []
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    findings.push({
      check: 'tls',
      ok: 'fail',
      detail: 'NODE_TLS_REJECT_UNAUTHORIZED=0 turns certificate checks off',
      hint: 'unset NODE_TLS_REJECT_UNAUTHORIZED; stanch talks to no real tenant while it is set',
    })
  }
  const roots = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'].filter((name) => env[name])
  if (roots.length > 0) {
    findings.push({
      check: 'tls-authorities',
      ok: 'warn',
      detail: `${roots.join(', ')} may add certificate authorities`,
      hint: 'Whoever holds such an authority can read your connection to the tenant. Fine where it is your own proxy.',
    })
  }
  return findings.length > 0
    ? findings
    : [{check: 'tls', ok: 'ok', detail: 'no switch turns certificate checks off or adds an authority'}]
}

function proxy(env: NodeJS.ProcessEnv): Finding {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].filter((name) => env[name])
  if (names.length === 0) return {check: 'proxy', ok: 'ok', detail: 'no proxy variable is set'}
  return {
    check: 'proxy',
    ok: 'warn',
    detail: `${names.join(', ')} set, and not used`,
    hint: 'If the tenant is reached by a proxy only: --proxy URL.',
  }
}

function inspector(): Finding {
  const open = process.execArgv.filter((word) => optionDanger(word) !== undefined)
  if (open.length === 0) return {check: 'inspector', ok: 'ok', detail: 'no debugger is attached, no other code was loaded'}
  return {
    check: 'inspector',
    ok: 'fail',
    detail: `started with ${printable(open.join(' '), 120)}: it ${optionDanger(open[0] ?? '')}`,
    hint: 'Start stanch without it.',
  }
}

function core(): Finding[] {
  const limit = /^Max core file size\s+(\S+)/m.exec(kernelFile('/proc/self/limits') ?? '')?.[1]
  if (limit === undefined) return []
  if (limit === '0') return [{check: 'core-dumps', ok: 'ok', detail: 'off'}]
  // What main.ts asked the kernel for at the start.
  if (Number(`0x${kernelFile('/proc/self/coredump_filter')?.trim() ?? 'x'}`) === 0)
    return [{check: 'core-dumps', ok: 'ok', detail: 'allowed, but a dump of stanch holds none of its memory'}]
  return [
    {
      check: 'core-dumps',
      ok: 'warn',
      detail: `allowed (limit ${printable(limit, 20)}): a crash would write memory, and the secrets in it, to disk`,
      hint: 'ulimit -c 0',
    },
  ]
}

function folder(check: string, where: string): Finding[] {
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

function space(data: string): Finding[] {
  const free = freeBytes(nearestParent(data))
  if (free === undefined) return []
  const detail = `${Math.floor(free / 1024 / 1024)} MiB free`
  if (free < ROOM.fail)
    return [{check: 'disk-space', ok: 'fail', detail, hint: 'Free some, or set STANCH_DATA_DIR to another disk.'}]
  if (free < ROOM.warn)
    return [{check: 'disk-space', ok: 'warn', detail, hint: 'An incident needs some MiB; free some before it is needed.'}]
  return [{check: 'disk-space', ok: 'ok', detail}]
}

/** The real trail and the simulated one, each with its keys and its unfinished incidents. */
async function trails(paths: DataPaths): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const mode of ['real', 'sim'] as const) {
    const log = paths.trail(mode)
    const check = mode === 'real' ? 'trail' : 'trail-sim'
    if (!fileStat(log)) {
      findings.push({check, ok: 'ok', detail: 'none yet; it begins with the first incident'})
      continue
    }
    findings.push(...(await trail(paths, log, check)))
  }
  return findings
}

async function trail(paths: DataPaths, log: string, check: string): Promise<Finding[]> {
  const [{verifyFolder}, {readOrigin, readTrail}, {incidentsOf}, {isLive}] = await Promise.all([
    import('../trail/verify-folder.ts'),
    import('../trail/read-trail.ts'),
    import('../execution/record-mapping.ts'),
    import('../incident/replay.ts'),
  ])
  const verified = verifyFolder(log)
  if (!verified.ok) {
    const first = verified.findings[0]
    return [
      {
        check,
        ok: 'fail',
        exit: 5,
        detail: `does not verify${first ? `: ${printable(first.kind, 60)}` : ''}`,
        hint: `stanch audit verify ${printable(log, 200)}`,
      },
    ]
  }
  const findings: Finding[] = [
    verified.complete
      ? {check, ok: 'ok', detail: `verified, ${verified.records} records`}
      : {
          check,
          ok: 'warn',
          detail: `verified, ${verified.records} records, not complete`,
          hint: 'A change has no answer on record, or a process died while it wrote: stanch incident list, then stanch resume.',
        },
  ]
  const origin = readOrigin(log)
  const keys = origin === undefined ? undefined : fileStat(paths.keys(logId(origin)))
  if (!keys)
    findings.push({
      check: `${check}-keys`,
      ok: 'fail',
      detail: 'the keys of this trail are missing: nothing can be appended',
      hint: `Give them back from your copy to ${printable(paths.data, 200)}/keys.`,
    })
  else if (process.platform !== 'win32' && (keys.mode & 0o077) !== 0)
    findings.push({
      check: `${check}-keys`,
      ok: 'fail',
      detail: `the keys can be seen by others (mode ${octal(keys.mode)})`,
      hint: 'chmod 700 the folder, and think about who could have copied them.',
    })
  const live = incidentsOf(readTrail(log))
    .filter((one) => isLive(one))
    .map((one) => one.incident_id)
  if (live.length > 0)
    findings.push({
      check: `${check}-incidents`,
      ok: 'warn',
      detail: `unfinished: ${live.slice(0, 5).join(', ')}${live.length > 5 ? ` and ${live.length - 5} more` : ''}`,
      hint: `stanch resume ${live[0]}`,
    })
  return findings
}

/** The code that runs as you: who else could change it? */
function installation(root: string): Finding {
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
function workingFolder(root: string): Finding {
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
function searchPath(env: NodeJS.ProcessEnv): Finding {
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

function terminal(env: NodeJS.ProcessEnv): Finding {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    return {check: 'terminal', ok: 'ok', detail: 'none: commands that change a tenant need --yes here'}
  const {columns, rows} = process.stderr
  const detail = `${columns}x${rows}${env['TERM'] === 'dumb' ? ', TERM=dumb' : ''}${env['NO_COLOR'] ? ', NO_COLOR' : ''}`
  if (columns < 80 || rows < 24)
    return {
      check: 'terminal',
      ok: 'warn',
      detail: `${detail}: smaller than 80x24, the guided flow will scroll`,
      hint: 'Make the window larger.',
    }
  return {check: 'terminal', ok: 'ok', detail}
}

function nearestParent(where: string): string {
  let at = where
  while (!fileStat(at) && path.dirname(at) !== at) at = path.dirname(at)
  return at
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
