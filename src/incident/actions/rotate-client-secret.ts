import {StanchError} from '../../errors.ts'
import {usesKey} from '../tenant-snapshot.ts'
import type {ActionDefinition} from './template.ts'

/** Rotates the client's secret. The old one dies within 30 s; tokens issued with it live on. Cannot be undone. */
export const rotateClientSecret: ActionDefinition = {
  name: 'client_secret.rotate',
  args: {},
  expand(template, facts, choices) {
    const {client} = facts.snapshot
    if (usesKey(client)) {
      throw new StanchError(
        'input.invalid',
        `Client ${client.client_id} proves itself with a key, not with a secret; Auth0 refuses to rotate it.`,
        {
          hint: 'Follow the private-key runbook: stanch runbook show private-key. Its grants can be deleted with: stanch grant delete.',
        },
      )
    }
    return [
      {
        id: template.id,
        from: template.id,
        action: 'client_secret.rotate',
        target: `client:${client.client_id}`,
        title: choices.method === 'set' ? 'set a new secret that was made and sealed here' : 'rotate the client secret',
        undo: 'none; all its users need the new one',
        scopes: ['update:client_keys'],
        args: {client_id: client.client_id, method: choices.method},
      },
    ]
  },
}
