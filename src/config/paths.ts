import path from 'node:path'
import {StanchError} from '../errors.ts'
import {hasControl} from '../files/command.ts'
import {quoted} from '../untrusted.ts'

/** The folders that oclif chose for this system (XDG and its relatives), absolute. */
export interface DefaultFolders {
  readonly dataDir: string
  readonly configDir: string
  readonly cacheDir: string
}

/** Where everything of stanch lies on this machine. Nothing is created here. */
export interface DataPaths {
  readonly data: string
  readonly config: string
  readonly cache: string
  readonly profiles: string
  readonly incidents: string
  /** The LOG folder: real and simulated incidents never share one. */
  trail(mode: 'real' | 'sim'): string
  /** Keys of one log, by its log id. */
  keys(logId: string): string
  /** Plan, deliveries and reports of one incident. */
  incident(id: string): string
}

const INCIDENT = /^inc-\d{8}-[a-z0-9]{6}$/
const LOG_ID = /^[0-9a-f]{16}$/

/** `STANCH_DATA_DIR`, `STANCH_CONFIG_DIR` and `STANCH_CACHE_DIR`, else oclif's folders. `config.invalid` when one is relative. */
export function dataPaths(env: NodeJS.ProcessEnv, defaults: DefaultFolders): DataPaths {
  const data = folder(env, 'STANCH_DATA_DIR', defaults.dataDir)
  const config = folder(env, 'STANCH_CONFIG_DIR', defaults.configDir)
  const incidents = path.join(data, 'incidents')
  return {
    data,
    config,
    cache: folder(env, 'STANCH_CACHE_DIR', defaults.cacheDir),
    profiles: path.join(config, 'profiles.json'),
    incidents,
    trail: (mode) => path.join(data, mode === 'sim' ? 'trail-sim' : 'trail'),
    keys: (id) => path.join(data, 'keys', checked(id, LOG_ID, 'log id')),
    incident: (id) => path.join(incidents, checked(id, INCIDENT, 'incident id')),
  }
}

function folder(env: NodeJS.ProcessEnv, name: string, otherwise: string): string {
  const value = env[name]
  if (value === undefined || value === '') return otherwise
  // a relative one would read and write in whatever folder somebody happens to stand
  if (!path.isAbsolute(value) || hasControl(value)) {
    throw new StanchError('config.invalid', `${name} is ${quoted(value, 120)}; it must be a whole path.`)
  }
  return path.normalize(value)
}

/** Ids become folder names: only their own alphabet gets that far. */
function checked(id: string, form: RegExp, what: string): string {
  if (!form.test(id)) throw new StanchError('usage.invalid', `${quoted(id)} is no ${what}.`)
  return id
}
