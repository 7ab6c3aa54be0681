import {CONSUMER_HOME, INVOICES, landscape} from './landscape.ts'
import type {Scenario} from './scenario.ts'

export const thirdPartyDefault: Scenario = {
  name: 'third-party-default',
  summary: 'a third-party client: when its own grant is deleted, a default grant takes over',
  build(tenant) {
    const {operator} = landscape(tenant)
    const {client_id, client_secret} = tenant.addClient({
      name: 'partner-portal',
      is_first_party: false,
      third_party_security_mode: 'strict',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
    })
    tenant.addGrant({client_id, audience: INVOICES, scope: ['read:invoices', 'write:invoices']})
    tenant.addGrant({default_for: 'third_party_clients', audience: INVOICES, scope: ['read:invoices']})
    const audiences = [INVOICES]
    const used = tenant.issueClaims({client_id, audience: INVOICES, age: 72_000, from: CONSUMER_HOME})
    tenant.addConsumer({client_id, audiences, held: [used]})
    tenant.addAttacker({client_id, loot: {secret: client_secret}, audiences, held: []})
    return {operator, leak: {kind: 'client-secret', client_id, value: client_secret}}
  },
}
