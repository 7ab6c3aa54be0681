import {hostname, platform, userInfo} from 'node:os'
import {dirname} from 'node:path'

import {buildHash} from './build-hash.ts'
import type {OclifConfig} from './oclif-config.ts'
import type {Credential} from '../auth0/credential.ts'
import {parseOrigin} from '../auth0/origin.ts'
import type {Origin} from '../auth0/origin.ts'
import type {SimulatedClock} from '../auth0/simulated-clock.ts'
import type {Operator, Tenant} from '../auth0/tenant.ts'
import {systemClock} from '../clock.ts'
import type {Clock} from '../clock.ts'
import {resolveConnection} from '../config/connection.ts'
import type {Connection} from '../config/connection.ts'
import {dataPaths} from '../config/paths.ts'
import {logId} from '../trail/layout.ts'
import type {DataPaths} from '../config/paths.ts'
import {showProfile} from '../config/profile.ts'
import {systemCode} from '../errors.ts'
import {createLogger} from '../logger.ts'
import type {Logger, LogLevel} from '../logger.ts'
import type {Copies} from '../trail/copies.ts'
import type {Identity, Trail} from '../trail/trail.ts'
import {printable} from '../untrusted.ts'

/** What a command knows of the place it runs in. */
export interface Place {
  readonly config: OclifConfig
  readonly env: NodeJS.ProcessEnv
  readonly logLevel: LogLevel
}

/** A tenant at hand, and which kind it is: decided by the handshake, before the first record. */
export interface Connected {
  readonly tenant: Tenant
  readonly origin: Origin
  readonly mode: 'real' | 'sim'
  /** Tenant time and waits: against a simulated tenant a wait advances the simulator. */
  readonly clock: Clock
  readonly from: Connection['from']
  readonly warnings: readonly string[]
  readonly credential: Credential
  readonly paths: DataPaths
  /** Tokens of ours that no `auth` record has yet. */
  readonly unrecorded: Set<Operator>
  /** Writes down what is left of `unrecorded`, where there is a trail, and lets go of the connection. */
  close(): Promise<void>
}

export interface ConnectionFlags {
  readonly profile?: string | undefined
  readonly proxy?: string | undefined
}

export function pathsOf(place: Place): DataPaths {
  return dataPaths(place.env, {dataDir: place.config.dataDir, configDir: place.config.configDir, cacheDir: place.config.cacheDir})
}

/** A connection from flags and environment. @throws config.no_connection | config.invalid */
export async function findConnection(place: Place, flags: ConnectionFlags): Promise<Connection> {
  const paths = pathsOf(place)
  const profile =
    flags.profile === undefined ? undefined : {name: flags.profile, profile: showProfile(paths.profiles, flags.profile)}
  return resolveConnection({env: place.env, ...(profile ? {profile} : {})})
}

/** Opens a connection: the only place where transport, credential and clock are put together. */
export async function connect(
  place: Place,
  connection: Connection,
  flags: Pick<ConnectionFlags, 'proxy'> = {},
): Promise<Connected> {
  const origin = parseOrigin(connection.domain)
  const ca = await extraAuthority(place.env, origin)
  const [{Tenant}, {isSimulator}, {simulatedClock}, logger] = await Promise.all([
    import('../auth0/tenant.ts'),
    import('../auth0/handshake.ts'),
    import('../auth0/simulated-clock.ts'),
    createLogger(place.logLevel),
  ])
  const simulated = await isSimulator(origin, ca)
  const simClock: SimulatedClock | undefined = simulated ? simulatedClock(origin, systemClock, ca) : undefined
  await simClock?.sync()
  const clock = simClock ?? systemClock
  const connecting = Tenant.connect({
    origin,
    ...(connection.audience === undefined ? {} : {audience: connection.audience}),
    credential: connection.credential,
    clock,
    logger: logger satisfies Logger,
    userAgent: `stanch/${place.config.version}`,
    ...(flags.proxy === undefined ? {} : {proxy: flags.proxy}),
    ...(ca === undefined ? {} : {ca}),
  })
  // Node takes some ten milliseconds to load what this needs: they pass while the first answer is on its way.
  const [tenant, {smallYoungGeneration}] = await Promise.all([connecting, import('./young-generation.ts')])
  smallYoungGeneration()
  const unrecorded = new Set<Operator>()
  tenant.onAuth = (operator) => void unrecorded.add(operator)
  const names = new Map<string, string>()
  tenant.onClient = ({client_id, name}) => void (name === undefined || names.set(client_id, name))
  const mode = simulated ? 'sim' : 'real'
  return {
    tenant,
    origin,
    mode,
    clock,
    from: connection.from,
    warnings: connection.warnings,
    credential: connection.credential,
    paths: pathsOf(place),
    unrecorded,
    async close() {
      try {
        await recordLeft(place, {mode, origin, unrecorded})
      } catch (error) {
        // A look at the tenant does not fail because of the trail; reconcile will name a token that nobody recorded.
        logger.warn({code: systemCode(error)}, 'a token of ours was not recorded')
      }
      try {
        if (names.size > 0) (await import('./known-clients.ts')).rememberClients(pathsOf(place).cache, mode, names)
      } catch (error) {
        logger.debug({code: systemCode(error)}, 'names of clients were not kept for the completion of the shell')
      }
      await tenant.close()
      await simClock?.close()
    },
  }
}

/** The tenant logs every token that a reading command had issued: without a record of it, it would look like a stranger's. */
async function recordLeft(
  place: Place,
  {mode, origin, unrecorded}: Pick<Connected, 'mode' | 'origin' | 'unrecorded'>,
): Promise<void> {
  if (unrecorded.size === 0) return
  const {readOrigin} = await import('../trail/read-trail.ts')
  // Before there is a trail there is nothing to compare.
  if (readOrigin(pathsOf(place).trail(mode)) === undefined) return
  const {recordAuth} = await import('../execution/incident.ts')
  const trail = await openTrail(place, mode)
  try {
    for (const operator of unrecorded) recordAuth(trail, origin.host, operator)
    unrecorded.clear()
  } finally {
    trail.close('read')
  }
}

/**
 * Writes down the tokens that this process got, and those that it gets from now on.
 *
 * @param incident an open one that they are for: numbered within it, none of them can be left out of its slice
 */
export async function recordTokens(
  trail: Trail,
  {tenant, origin, unrecorded}: Pick<Connected, 'tenant' | 'origin' | 'unrecorded'>,
  incident?: string,
): Promise<void> {
  const {recordAuth} = await import('../execution/incident.ts')
  for (const operator of unrecorded) recordAuth(trail, origin.host, operator, incident)
  unrecorded.clear()
  tenant.onAuth = (next) => recordAuth(trail, origin.host, next, incident)
}

/** `STANCH_CA_FILE`: a PEM that is trusted for a loopback origin, so that a simulator with TLS can be practised on. */
async function extraAuthority(env: NodeJS.ProcessEnv, origin: Origin): Promise<string | undefined> {
  const file = env['STANCH_CA_FILE']
  if (file === undefined || file === '' || !origin.loopback) return undefined
  const {readBounded} = await import('../files/read.ts')
  return readBounded(file, 1 << 20).toString('utf8')
}

/** Opens the trail of this machine for the mode; made when it is new. @throws the codes of the trail's format */
export async function openTrail(place: Place, mode: 'real' | 'sim'): Promise<Trail> {
  const paths = pathsOf(place)
  const folder = paths.trail(mode)
  const [{Trail}, {readOrigin}, {randomBytes}] = await Promise.all([
    import('../trail/trail.ts'),
    import('../trail/read-trail.ts'),
    import('node:crypto'),
  ])
  const identity = identityOf(place)
  const open = async (origin: string) => {
    const copies = await copiesOf(place, paths)
    return Trail.open({folder, keys: paths.keys(logId(origin)), mode, origin, clock: systemClock, identity, copies})
  }
  const known = readOrigin(folder)
  if (known !== undefined) return open(known)
  try {
    return await open(`stanch.local/${randomBytes(8).toString('hex')}`)
  } catch (error) {
    // Another process made the log in the same moment: its name is the log's name.
    const made = readOrigin(folder)
    if (made === undefined) throw error
    return open(made)
  }
}

/** Where the environment wants copies of the records, if anywhere. @throws config.invalid | config.insecure */
async function copiesOf(place: Place, paths: DataPaths): Promise<Copies | undefined> {
  const {env} = place
  if (!env['STANCH_COPY_FILE'] && !env['STANCH_COPY_TO']) return undefined
  const {Copies, copyTargets} = await import('../trail/copies.ts')
  const targets = copyTargets(env, [paths.trail('real'), paths.trail('sim'), dirname(paths.keys('0'.repeat(16)))])
  return Copies.start({targets, say: (line) => void process.stderr.write(`${line}\n`)})
}

/** Who writes, as this machine claims it; what the tenant proves stands in the `auth` records. */
export function identityOf(place: Place): Identity {
  const user = userInfo().username
  return {
    actor: printable(`${user}@${hostname()}`, 120),
    actor_source: 'os',
    host: printable(hostname(), 120),
    os_user: printable(user, 60),
    pid: process.pid,
    tool: `stanch/${place.config.version}`,
    node: process.versions.node,
    platform: `${platform()} ${process.arch}`,
    build: buildHash(place.config.root),
  }
}
