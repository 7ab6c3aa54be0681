import {billingSync, landscape} from './landscape.ts'
import type {Scenario} from './scenario.ts'

export const clientSecret: Scenario = {
  name: 'client-secret',
  summary: 'the secret of a machine client with three client grants stands in a public repository',
  build(tenant) {
    const {operator} = landscape(tenant)
    const {client, audiences, used, stolen} = billingSync(tenant)
    const {client_id, client_secret} = client
    tenant.addConsumer({client_id, audiences, held: used})
    tenant.addAttacker({client_id, loot: {secret: client_secret}, audiences, held: stolen})
    return {operator, leak: {kind: 'client-secret', client_id, value: client_secret}}
  },
}
