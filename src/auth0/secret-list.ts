import {Secret} from '../secret.ts'
import type {ManagementApi} from './management-api.ts'
import {withQuery} from './management-api.ts'
import {PAGE} from './paginate.ts'
import {unexpected} from './resources/reading.ts'
import {judge, type Sent} from './sent.ts'

/** One application with its secret, where the tenant shows one. */
export interface ShownSecret {
  readonly client_id: string
  readonly name: string
  readonly secret?: Secret
}

export interface SecretPage {
  readonly sent: Sent
  readonly clients: readonly ShownSecret[]
  /** Where the next page begins; absent on the last. */
  readonly next?: string
}

export const CLIENTS_PATH = '/api/v2/clients'

/**
 * One page of the tenant's applications with their secrets. The tenant logs such a read, so the caller has recorded its
 * intent. What is no answer has no clients; what was asked is told by `sent`.
 *
 * @throws {StanchError} `auth0.unexpected_answer`
 */
export async function readSecretPage(api: ManagementApi, from: string | undefined, correlationId: string): Promise<SecretPage> {
  const query = {fields: 'client_id,name,client_secret', include_fields: true, take: PAGE, from}
  const {sent, body} = await api.look({
    method: 'GET',
    path: withQuery(CLIENTS_PATH, query),
    headers: {'x-correlation-id': correlationId},
  })
  if (judge(sent) !== 'done') return {sent, clients: []}
  const page = body as {clients?: unknown; next?: unknown} | null
  const list: unknown = Array.isArray(body) ? body : page?.clients
  if (!Array.isArray(list)) throw unexpected('clients', 'Array')
  const clients = list.map((one: unknown, index): ShownSecret => {
    const {client_id, name, client_secret} = (one ?? {}) as Record<string, unknown>
    if (typeof client_id !== 'string' || client_id === '') throw unexpected(`clients[${index}].client_id`, 'string')
    const secret = typeof client_secret === 'string' && client_secret !== '' ? new Secret(client_secret) : undefined
    return {client_id, name: typeof name === 'string' ? name : '', ...(secret && {secret})}
  })
  const next = Array.isArray(body) ? undefined : page?.next
  return {sent, clients, ...(typeof next === 'string' && next !== '' && {next})}
}
