import {ManagementClient} from 'auth0'

/*
 * The official Node SDK as a client of the simulated tenant, over TLS: lists clients and grants, deletes a grant and
 * rotates a secret. Runs in a process of its own, because the certificate to trust is read when Node starts.
 * Prints one JSON document.
 */

const env = (name: string): string => process.env[name] ?? ''
const management = new ManagementClient({
  domain: env('SIM_HOST'),
  clientId: env('SIM_CLIENT_ID'),
  clientSecret: env('SIM_CLIENT_SECRET'),
})

const clients: string[] = []
for await (const client of await management.clients.list()) clients.push(client.client_id ?? '')
const grants: {id: string; audience: string}[] = []
for await (const grant of await management.clientGrants.list({client_id: env('SIM_LEAKED')}))
  grants.push({id: grant.id ?? '', audience: grant.audience ?? ''})
const first = grants[0]?.id ?? ''
await management.clientGrants.delete(first)
let left = 0
for await (const _ of await management.clientGrants.list({client_id: env('SIM_LEAKED')})) left += 1
const rotated = await management.clients.rotateSecret(env('SIM_LEAKED'))
process.stdout.write(
  JSON.stringify({
    clients,
    grants,
    deleted: first,
    left,
    rotated: {client_id: rotated.client_id, length: rotated.client_secret?.length ?? 0},
  }),
)
