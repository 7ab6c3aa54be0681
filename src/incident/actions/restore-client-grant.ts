import type {ClientGrantBody} from '../../auth0/resources/client-grant.ts'
import {quoted} from '../../untrusted.ts'
import type {PlanStep} from '../plan.ts'
import type {DoubtedGrant, GrantChange} from '../grants-since-leak.ts'
import type {ActionDefinition} from './template.ts'

/** A grant as it was before it was deleted, with the organisations that were tied to it. */
export interface SavedGrant {
  readonly id: string
  readonly body: ClientGrantBody
  readonly organizations: readonly string[]
  /** Who made or changed it, as the tenant log showed it then; absent when nobody looked or the log could not be read. */
  readonly changes?: readonly GrantChange[]
}

/** Gives a deleted grant back. Not for runbooks: what to give back comes from the incident's own snapshot. */
export const restoreClientGrant: ActionDefinition = {name: 'client_grant.restore', args: {}, expand: () => []}

/** Restores in the order that is safe: custom APIs first, the Management API last. */
export function restorations(saved: readonly SavedGrant[], managementAudience: string): PlanStep[] {
  const order = [...saved].sort(
    (a, b) => Number(a.body.audience === managementAudience) - Number(b.body.audience === managementAudience),
  )
  return order.map((grant) => ({
    id: `restore:${grant.id}`,
    from: 'restore',
    action: 'client_grant.restore',
    target: `grant:${grant.id}`,
    title: `give back the grant on ${quoted(grant.body.audience, 80)} (its id changes)`,
    undo: 'stanch grant delete',
    scopes: ['create:client_grants'],
    args: {was: grant.id, grant: grant.body, organizations: grant.organizations},
  }))
}

/** Instead of giving a grant back that may be the attacker's own: a person looks at it and says whose it is. */
export function leftOut(doubted: readonly DoubtedGrant[], incident: string): PlanStep[] {
  return doubted.map(({grant, what}) => {
    const question = `Whose is grant ${grant.id} on ${quoted(grant.body.audience, 80)}? It was ${what} since the leak and is not given back. If it is yours: stanch grant restore --incident ${incident} --include-grant ${grant.id}`
    return {
      id: `review:${grant.id}`,
      from: 'review',
      action: 'manual',
      target: `grant:${grant.id}`,
      title: question,
      undo: 'by hand',
      scopes: [],
      args: {question, owner: 'incident lead'},
    }
  })
}
