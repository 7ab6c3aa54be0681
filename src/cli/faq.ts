import {isCode, StanchError} from '../errors.ts'
import type {FaqFacts} from '../incident/faq.ts'
import {connect, findConnection} from './context.ts'
import type {ConnectionFlags, Place} from './context.ts'

/** Most APIs whose lifetimes stand in an answer. */
const MOST = 25

export interface TenantFacts {
  readonly facts?: FaqFacts
  /** Why the answers speak of defaults, when a tenant was connected but could not be read. Printable. */
  readonly unread?: string
}

/**
 * The connected tenant's own lifetimes. Without a connection, and when the tenant cannot be reached or read, the
 * answers are the same ones offline: a question is no reason to fail. A connection that is set up wrongly is one.
 */
export async function tenantFacts(place: Place, flags: ConnectionFlags): Promise<TenantFacts> {
  let connection
  try {
    connection = await findConnection(place, flags)
  } catch (error) {
    if (isCode(error, 'config.no_connection') && flags.profile === undefined) return {}
    throw error
  }
  try {
    const connected = await connect(place, connection, flags)
    try {
      const lifetimes: FaqFacts['lifetimes'][number][] = []
      for await (const {identifier: audience, name, token_lifetime} of connected.tenant.listResourceServers()) {
        if (lifetimes.length === MOST) break
        lifetimes.push({
          audience,
          ...(name === undefined ? {} : {name}),
          ...(token_lifetime === undefined ? {} : {token_lifetime}),
        })
      }
      return {facts: {domain: connected.origin.host, lifetimes}}
    } finally {
      await connected.close()
    }
  } catch (error) {
    if (error instanceof StanchError && error.code.startsWith('config.')) throw error
    const {reportOf} = await import('./error-report.ts')
    return {unread: reportOf(error).message}
  }
}
