import {setFlagsFromString} from 'node:v8'

/**
 * Keeps what dies young in the small memory that a process starts with. V8 would let it grow to some 100 MB when much is
 * allocated, as a stream of events or a tenant's log does, and the promise of 256 MiB for the whole process would hang by a
 * thread. An engine that does not know the flag says so and goes on.
 */
export function smallYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
