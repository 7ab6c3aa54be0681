import {billingSync, landscape, OPERATOR_SCOPES} from './landscape.ts'
import type {Scenario} from './scenario.ts'

export const missingScope: Scenario = {
  name: 'missing-scope',
  summary: 'as client-secret, but the operator may not rotate: update:client_keys is missing',
  build(tenant) {
    const {operator} = landscape(
      tenant,
      OPERATOR_SCOPES.filter((scope) => scope !== 'update:client_keys'),
    )
    const {client, audiences, used, stolen} = billingSync(tenant)
    const {client_id, client_secret} = client
    tenant.addConsumer({client_id, audiences, held: used})
    tenant.addAttacker({client_id, loot: {secret: client_secret}, audiences, held: stolen})
    return {operator, leak: {kind: 'client-secret', client_id, value: client_secret}}
  },
}
