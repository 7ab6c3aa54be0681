import path from 'node:path'

import {StanchError} from '../errors.ts'
import {isInside} from '../files/copy-file.ts'
import {printable, quoted} from '../untrusted.ts'
import {CopyQueue} from './copy-queue.ts'
import type {CopyTarget} from './copy-queue.ts'
import type {Emitted} from './pino-channel.ts'

export interface CopyOptions {
  readonly targets: readonly CopyTarget[]
  /** Says what a person should know; one line. */
  readonly say: (line: string) => void
  /** Longest that a closing process waits for its copies, milliseconds. */
  readonly patienceMs?: number
  /** Most bytes that wait for one target. */
  readonly mostBytes?: number
}

const PATIENCE_MS = 2000
const MOST_BYTES = 8 << 20

/**
 * Copies of records for other systems, through a pino of their own whose destinations are queues. A record comes here
 * after it is durable in the trail; whatever happens to its copy, the trail does not wait, does not fail and loses nothing.
 */
export class Copies {
  readonly #log: (record: object) => void
  readonly #queues: readonly CopyQueue[]

  private constructor(log: (record: object) => void, queues: readonly CopyQueue[]) {
    this.#log = log
    this.#queues = queues
  }

  static async start(options: CopyOptions): Promise<Copies> {
    const {pino} = await import('pino')
    const {say, patienceMs = PATIENCE_MS, mostBytes = MOST_BYTES} = options
    const queues = options.targets.map((target) => new CopyQueue(target, {say, patienceMs, mostBytes}))
    const logger = pino(
      {base: null, timestamp: false, level: 'trace', messageKey: 'text', formatters: {level: () => ({v: 1})}},
      pino.multistream(queues.map((stream) => ({stream, level: 'trace' as const}))),
    )
    return new Copies((record) => logger.info(record), queues)
  }

  /** Takes records that are durable. Never throws, never waits. */
  offer(group: readonly Emitted[]): void {
    for (const {record} of group) {
      try {
        const {v: _v, ...members} = record // pino writes `v` itself, in place of its level
        this.#log(members)
      } catch {
        // the queues count what they did not get to send; nothing here may reach the trail
      }
    }
  }

  /** Sends what waits, for a bounded time in which the process stays alive, and says what did not get through. */
  close(): void {
    for (const queue of this.#queues) queue.close()
  }
}

/**
 * Where copies go, from the environment: `STANCH_COPY_FILE`, an absolute path, and `STANCH_COPY_TO`, a collector of
 * lines: `tcp://HOST:PORT` on this machine, `tls://HOST:PORT` anywhere.
 *
 * @param own folders that hold the trail and its keys: no copy may be written there
 * @throws {StanchError} `config.invalid`; `config.insecure` for an unencrypted collector elsewhere
 */
export function copyTargets(env: NodeJS.ProcessEnv, own: readonly string[]): CopyTarget[] {
  const file = env['STANCH_COPY_FILE']
  const collector = env['STANCH_COPY_TO']
  return [
    ...(file === undefined || file === '' ? [] : [fileTarget(file, own)]),
    ...(collector === undefined || collector === '' ? [] : [collectorTarget(collector)]),
  ]
}

function fileTarget(file: string, own: readonly string[]): CopyTarget {
  if (!path.isAbsolute(file) || file.includes('\0')) {
    throw new StanchError('config.invalid', 'STANCH_COPY_FILE must be an absolute path.')
  }
  if (own.some((folder) => isInside(file, folder))) {
    throw new StanchError('config.invalid', 'STANCH_COPY_FILE lies in the folder of the trail itself.', {
      hint: 'Name a file elsewhere: a copy beside the original protects nothing.',
    })
  }
  return {kind: 'file', path: file, name: `file:${printable(file)}`}
}

function collectorTarget(text: string): CopyTarget {
  let url: URL | undefined
  try {
    url = new URL(text)
  } catch {
    // reported below
  }
  const port = Number(url?.port)
  const bare =
    url && url.username === '' && url.password === '' && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === ''
  if (!url || !bare || !port || url.hostname === '' || (url.protocol !== 'tcp:' && url.protocol !== 'tls:')) {
    throw new StanchError('config.invalid', `STANCH_COPY_TO is ${quoted(text)}; it must be tcp://HOST:PORT or tls://HOST:PORT.`)
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const kind = url.protocol === 'tls:' ? 'tls' : 'tcp'
  if (kind === 'tcp' && !/^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)) {
    throw new StanchError('config.insecure', `STANCH_COPY_TO would send records in clear text to ${quoted(host)}.`, {
      hint: 'Use tls://HOST:PORT, or a forwarder on this machine: tcp://127.0.0.1:PORT.',
    })
  }
  return {kind, host, port, name: `${kind}://${printable(url.host)}`}
}
