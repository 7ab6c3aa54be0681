import type {Clock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {handshake, openTo} from './handshake.ts'
import type {Origin} from './origin.ts'
import type {Transport} from './transport.ts'

export interface SimulatedClock extends Clock {
  /** Takes over the tenant's time; until then, and between waits, it runs beside the machine's clock. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * The clock of a simulated tenant: waiting advances the tenant instead of the wall, so that a day of drill takes no
 * time. Waits are serial; two that overlap add up, as two advances of one clock must.
 *
 * @param ca PEM of the simulator's certificate, when it speaks TLS
 */
export function simulatedClock(origin: Origin, base: Clock, ca?: string): SimulatedClock {
  let ahead = 0
  let advanced = 0
  let transport: Promise<Transport> | undefined
  const takeOver = (now: number) => {
    ahead = now * 1000 - base.now()
  }
  return {
    now: () => base.now() + ahead,
    monotonic: () => base.monotonic() + advanced,
    async sleep(seconds, signal) {
      if (signal?.aborted) throw new StanchError('interrupted', 'Interrupted while waiting.')
      transport ??= openTo(origin, ca, 30)
      const {sent, body} = await (
        await transport
      ).send({
        method: 'POST',
        path: '/.stanch/clock',
        headers: {'content-type': 'application/json'},
        body: JSON.stringify({advance_seconds: seconds}),
      })
      const now = (body as {readonly now?: unknown} | null | undefined)?.now
      if (sent.kind !== 'answered' || sent.status !== 200 || typeof now !== 'number') {
        throw new StanchError('auth0.unreachable', 'The simulated tenant did not advance its clock.', {
          hint: 'Is the simulator still running?',
        })
      }
      advanced += seconds * 1000
      takeOver(now)
    },
    async sync() {
      const answer = await handshake(origin, ca)
      if (answer?.now !== undefined) takeOver(answer.now)
    },
    async close() {
      await (await transport)?.close()
    },
  }
}
