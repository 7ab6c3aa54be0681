import type {ClaimName} from '../plan.ts'
import {CLAIMS} from '../plan.ts'
import {reachableAudiences} from './template.ts'
import type {ActionDefinition} from './template.ts'

/** Proves what was claimed: by probes that do not mint a token where that can be avoided, and by reading the grants once more. */
export const verifyContainment: ActionDefinition = {
  name: 'verify',
  args: {claims: {type: 'some_of', required: true, of: CLAIMS}},
  expand(template, facts, choices) {
    const {client_id} = facts.snapshot.client
    const wanted = (template.args['claims'] as readonly ClaimName[]).filter((claim) => {
      if (claim === 'new_tokens_refused' || claim === 'grants_absent') return !choices.keep_grants
      return choices.rotate
    })
    return [
      {
        id: template.id,
        from: template.id,
        action: 'verify',
        target: `client:${client_id}`,
        title: 'prove it: probe what must be refused and what must work',
        undo: 'nothing to undo: probes and reads',
        scopes: [],
        args: {client_id, claims: wanted, audiences: reachableAudiences(facts)},
      },
    ]
  },
}
