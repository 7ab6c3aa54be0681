import {reachableAudiences} from './template.ts'
import type {ActionDefinition} from './template.ts'

/** Says until when already-issued tokens stay valid. */
export const computeExposure: ActionDefinition = {
  name: 'exposure',
  args: {},
  expand(template, facts) {
    const {client_id} = facts.snapshot.client
    return [
      {
        id: template.id,
        from: template.id,
        action: 'exposure',
        target: `client:${client_id}`,
        title: 'say until when issued tokens live',
        undo: 'nothing to undo: a computation',
        scopes: [],
        args: {client_id, audiences: reachableAudiences(facts)},
      },
    ]
  },
}
