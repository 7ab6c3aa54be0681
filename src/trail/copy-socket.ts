import net from 'node:net'
import tls from 'node:tls'

import {StanchError, systemCode} from '../errors.ts'

/** Longest wait for a connection, milliseconds. */
const CONNECT_MS = 5000

/**
 * A connection to a collector that takes lines. It never keeps the process alive. What the collector says is not read
 * into memory, and TLS is verified whatever the environment says.
 */
export class CopySocket {
  readonly #socket: net.Socket
  #failure: Error | undefined

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('error', (error) => (this.#failure = error))
    socket.on('close', () => (this.#failure ??= closed()))
    socket.resume()
    socket.unref()
  }

  /** Rejects with the system's error, or with `auth0.unreachable` after 5 s. */
  static async open(target: {readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number}): Promise<CopySocket> {
    const {host, port} = target
    const socket =
      target.kind === 'tls'
        ? tls.connect({host, port, rejectUnauthorized: true, ...(net.isIP(host) ? {} : {servername: host})})
        : net.connect({host, port, noDelay: true})
    socket.unref()
    socket.on('error', () => {}) // whoever waits is told below; an error that comes later must not end the process
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(closed()), CONNECT_MS)
      timer.unref()
      socket.once('error', (error: Error) => {
        clearTimeout(timer)
        reject(error)
      })
      socket.once(target.kind === 'tls' ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        resolve(new CopySocket(socket))
      })
    })
  }

  /** Resolves when the lines are with the system, on their way. */
  append(lines: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const lost = () => reject(this.#failure ?? closed())
      this.#socket.once('close', lost)
      this.#socket.write(lines, (error) => {
        this.#socket.off('close', lost)
        if (error) reject(systemCode(error) === undefined ? closed() : error)
        else resolve()
      })
    })
  }

  /** Sends what is under way and the end; does not wait for the collector. */
  async close(): Promise<void> {
    this.#socket.end()
    this.#socket.unref()
  }
}

function closed(): StanchError {
  return new StanchError('auth0.unreachable', 'the connection was closed')
}
