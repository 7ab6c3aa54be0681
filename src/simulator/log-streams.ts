import type {World} from './state.ts'
import type {Answer, Call} from './wire.ts'

/** GET log-streams: with the secrets of their receivers, as Auth0 gives them. The embedded tenant has those that somebody put there. */
export function listLogStreams(world: World, _call: Call): Answer {
  return {
    status: 200,
    body: world.logStreams.map((one) => ({...one})),
    ...(world.logStreams.length > 0 ? {secrets: ['httpAuthorization']} : {}),
  }
}
