import {billingSync, INVOICES, landscape, LEDGER} from './landscape.ts'
import type {Scenario} from './scenario.ts'

export const userGrant: Scenario = {
  name: 'user-grant',
  summary: 'the leaked client also has a user-subject grant, and a grant that is tied to an organisation',
  build(tenant) {
    const {operator} = landscape(tenant)
    const {client, audiences, used, stolen} = billingSync(tenant, {
      wire: {app_type: 'regular_web', grant_types: ['client_credentials', 'authorization_code', 'refresh_token']},
    })
    const {client_id, client_secret} = client
    tenant.addGrant({client_id, audience: INVOICES, scope: ['read:invoices'], subject_type: 'user'})
    const organization = tenant.addOrganization('acme-north')
    const ledger = tenant.grants(client_id).find((grant) => grant['audience'] === LEDGER)
    if (ledger) tenant.removeGrant(String(ledger['id']))
    tenant.addGrant({client_id, audience: LEDGER, scope: ['post:entries'], organization_usage: 'allow'}, [organization])
    tenant.addConsumer({client_id, audiences, held: used})
    tenant.addAttacker({client_id, loot: {secret: client_secret}, audiences, held: stolen})
    return {operator, leak: {kind: 'client-secret', client_id, value: client_secret}}
  },
}
