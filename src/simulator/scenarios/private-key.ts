import {newRsaKey} from '../keys.ts'
import {billingSync, landscape} from './landscape.ts'
import type {Scenario} from './scenario.ts'

export const privateKey: Scenario = {
  name: 'private-key',
  summary: 'the private key by which a client authenticates (private_key_jwt) was copied',
  async build(tenant) {
    const {operator} = landscape(tenant)
    const {client, audiences, stolen} = billingSync(tenant)
    const {client_id} = client
    const key = await newRsaKey()
    const credential_id = await tenant.addKeyCredential(client_id, key.publicKey.export({type: 'spki', format: 'pem'}).toString())
    const value = key.privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
    tenant.world.everySecret.add(value)
    tenant.addAttacker({client_id, loot: {credential_id}, audiences, held: stolen})
    return {operator, leak: {kind: 'private-key', client_id, value}}
  },
}
