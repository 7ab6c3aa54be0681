import {systemClock} from '../clock.ts'
import {kernelFile} from '../files/system.ts'
import {printable, quoted} from '../untrusted.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'
import type {Finding} from './doctor.ts'
import {openInspector, OPEN_SWITCHES, optionDanger, optionDangers, TLS_SWITCHES} from './environment-gaps.ts'
import {examineFolder, examineSpace, installation, searchPath, workingFolder} from './doctor-places.ts'
import {examineTrails} from './doctor-trails.ts'

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
    inspector(place.env),
    ...core(),
    ...examineFolder('data-folder', paths.data),
    ...examineFolder('config-folder', paths.config),
    ...examineSpace(paths.data),
    ...(await examineTrails(paths)),
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
  const danger = optionDangers(options)
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
  const roots = TLS_SWITCHES.filter((name) => name !== 'NODE_TLS_REJECT_UNAUTHORIZED' && env[name])
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

/** Options of the command line, variables that do the same, and a debugger whatever opened it. */
function inspector(env: NodeJS.ProcessEnv): Finding {
  const open = process.execArgv.filter((word) => optionDanger(word) !== undefined)
  const switches = OPEN_SWITCHES.filter((name) => env[name])
  if (open.length === 0 && openInspector() !== undefined)
    return {
      check: 'inspector',
      ok: 'fail',
      detail: 'a debugger can attach to stanch: whoever does reads and changes what it holds',
      hint: 'Start stanch without NODE_OPTIONS, and not from a debugger.',
    }
  if (open.length === 0 && switches.length > 0)
    return {
      check: 'inspector',
      ok: 'fail',
      detail: `${switches.join(', ')} set: what stanch knows may be written elsewhere, or other code may run in it`,
      hint: `unset ${switches.join(' ')}`,
    }
  if (open.length === 0) return {check: 'inspector', ok: 'ok', detail: 'no debugger can attach, no option loads other code'}
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
