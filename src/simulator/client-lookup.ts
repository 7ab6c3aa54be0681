import type {SimClient, World} from './state.ts'
import {apiError, Refusal} from './wire.ts'

/** The client of a path parameter, or the recorded 404. */
export function clientOf(world: World, id: string | undefined): SimClient {
  const client = world.clients.get(id ?? '')
  if (!client) throw new Refusal(apiError(404, 'The client does not exist', 'inexistent_client'))
  return client
}
