import type {ActionDefinition} from './template.ts'

/** Hands the new secret to the sink that the responder chose. Follows the rotation directly. */
export const deliverSecret: ActionDefinition = {
  name: 'secret.deliver',
  args: {},
  expand(template, facts) {
    const {client_id} = facts.snapshot.client
    return [
      {
        id: template.id,
        from: template.id,
        action: 'secret.deliver',
        target: `client:${client_id}`,
        title: 'hand the new secret over',
        undo: 'delete the delivered copy',
        scopes: [],
        args: {client_id},
      },
    ]
  },
}
