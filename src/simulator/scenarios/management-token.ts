import {signed} from '../issue.ts'
import {ATTACKER_HOME, billingSync, landscape} from './landscape.ts'
import type {Scenario} from './scenario.ts'

export const managementToken: Scenario = {
  name: 'management-token',
  summary: 'an access token for the Management API stands in a log file; its scopes could read secrets',
  build(tenant) {
    const {operator} = landscape(tenant)
    const managementScopes = ['read:users', 'read:clients', 'read:client_keys']
    const {client, audiences, used} = billingSync(tenant, {managementScopes})
    const {client_id} = client
    const {audience} = tenant.world
    const leaked = tenant.issueClaims({client_id, audience, age: 5_400, from: ATTACKER_HOME})
    tenant.addConsumer({client_id, audiences, held: used})
    tenant.addAttacker({client_id, loot: {token_only: true}, audiences: [audience], held: [leaked]})
    return {operator, leak: {kind: 'management-token', client_id, value: signed(tenant.world, leaked)}}
  },
}
