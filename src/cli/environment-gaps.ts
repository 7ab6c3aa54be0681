import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import {quoted} from '../untrusted.ts'

/** What decides how this process runs, besides its own code. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** `process.execArgv`: options of Node before the program's name. */
  readonly execArgv: readonly string[]
  /** The tenant is reached over TLS. */
  readonly tls: boolean
  /** Where a debugger can attach to this process at this moment, however it was opened. */
  readonly inspector?: string | undefined
}

/** Options that load code into this process, and those that open its memory or its connections to others. */
const LOADS_CODE = /^(?:-r|--require|--import|--loader|--experimental-loader|--env-file(?:-if-exists)?)(?:=|$)/
const OPENS =
  /^(?:--inspect|--debug|--tls-keylog|--trace-tls|--heapsnapshot|--heap-prof|--cpu-prof|--report-|--abort-on-uncaught)/

/** What one word of NODE_OPTIONS or of Node's own arguments does to the secrets in this process; undefined when nothing. */
export function optionDanger(word: string): 'loads code into stanch' | 'opens memory or connections to others' | undefined {
  if (LOADS_CODE.test(word)) return 'loads code into stanch'
  return OPENS.test(word) ? 'opens memory or connections to others' : undefined
}

/** All that the words of NODE_OPTIONS do, in one phrase; undefined when nothing. */
export function optionDangers(options: string): string | undefined {
  const all = new Set(options.split(/\s+/).flatMap((word) => optionDanger(word) ?? []))
  return all.size === 0 ? undefined : [...all].join(', and it ')
}

/** Variables that add to, or take from, what vouches for the tenant. */
export const TLS_SWITCHES = [
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const
/** Variables by which Node or the loader of programs writes out, or lets in, what is ours. */
export const OPEN_SWITCHES = ['NODE_DEBUG', 'NODE_V8_COVERAGE', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES'] as const

/**
 * What in the environment could have changed what stanch did, or who saw it. It stands in every incident's record and
 * result: whoever reads them must know that the program did not run alone. Empty in a clean environment. Pure.
 */
export function environmentGaps({env, execArgv, tls, inspector}: Surroundings): EvidenceGap[] {
  const gaps: EvidenceGap[] = []
  const add = (what: string, why: string) => void gaps.push({code: 'environment', what, why})
  const options = env['NODE_OPTIONS']?.trim() ?? ''
  if (options !== '') {
    const danger = optionDangers(options) ?? 'changes how stanch runs'
    add('NODE_OPTIONS', `it is ${quoted(options, 120)}: it ${danger}`)
  }
  const words = [...new Set(execArgv.flatMap((word) => (optionDanger(word) === undefined ? [] : [word])))]
  for (const word of words) add('options of Node', `started with ${quoted(word, 120)}: it ${optionDanger(word)}`)
  if (inspector !== undefined) add('inspector', 'a debugger can attach to stanch: whoever does reads and changes what it holds')
  for (const name of OPEN_SWITCHES)
    if (env[name]) add(name, 'it is set: what this process knows may have been written elsewhere, or other code may run in it')
  if (tls)
    for (const name of TLS_SWITCHES) if (env[name]) add(name, 'it is set: it changes which certificates vouch for the tenant')
  return gaps
}

/** Where a debugger can attach to this process, however it was opened: the address that Node gives. */
export function openInspector(): string | undefined {
  return process.getBuiltinModule('node:inspector').url()
}
