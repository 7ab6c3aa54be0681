import {systemClock} from '../clock.ts'
import type {Simulator, SimulatorOptions} from '../simulator/server.ts'
import {hasIntent} from '../trail/intents.ts'
import type {Place} from './context.ts'
import {pathsOf} from './context.ts'

/**
 * The embedded tenant, strict: a change is refused unless its correlation id is that of an intent which is on this
 * machine's disk, in the simulated trail, at that moment.
 */
export async function startTenant(place: Place, options: Partial<SimulatorOptions>): Promise<Simulator> {
  const {startSimulator} = await import('../simulator/server.ts')
  const trail = pathsOf(place).trail('sim')
  return startSimulator({clock: systemClock, intentOnDisk: (correlationId) => hasIntent(trail, correlationId), ...options})
}
