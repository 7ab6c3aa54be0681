import {systemClock} from '../clock.ts'
import {silentLogger} from '../logger.ts'
import type {Origin} from './origin.ts'
import {Transport} from './transport.ts'

/**
 * True when stanch's own simulator answers at this origin. Asked of loopback addresses only, without a credential:
 * everything that does not answer exactly like it is real.
 *
 * @param ca PEM of the simulator's certificate, when it speaks TLS
 */
export async function isSimulator(origin: Origin, ca?: string): Promise<boolean> {
  return (await handshake(origin, ca)) !== undefined
}

/** The simulator's clock (NumericDate), or undefined when there is no simulator at this origin. */
export async function handshake(origin: Origin, ca?: string): Promise<{readonly now?: number} | undefined> {
  if (!origin.loopback) return undefined
  const transport = await openTo(origin, ca, 5)
  try {
    const {sent, body} = await transport.send({method: 'GET', path: '/.stanch/handshake', maxBytes: 64 * 1024})
    if (sent.kind !== 'answered' || sent.status !== 200) return undefined
    const {stanch_simulator, now} = (body ?? {}) as {readonly stanch_simulator?: unknown; readonly now?: unknown}
    if (stanch_simulator !== 1) return undefined
    return typeof now === 'number' ? {now} : {}
  } finally {
    await transport.close()
  }
}

/** A transport for the simulator's control endpoints; the wall's clock, because the tenant's is what is being asked for. */
export function openTo(origin: Origin, ca: string | undefined, requestSeconds: number): Promise<Transport> {
  return Transport.open({
    origin,
    clock: systemClock,
    logger: silentLogger,
    userAgent: 'stanch',
    requestSeconds,
    ...(ca !== undefined && {ca}),
  })
}
