import type {ClientGrant, ClientGrantBody} from '../../auth0/resources/client-grant.ts'
import {StanchError} from '../../errors.ts'
import {quoted} from '../../untrusted.ts'
import type {PlanStep} from '../plan.ts'
import type {PlanChoices, PlanFacts} from '../policy.ts'
import {subjectOf} from '../tenant-snapshot.ts'
import type {ActionDefinition} from './template.ts'

/** Deletes client grants, so that no new token is issued for their APIs. Issued tokens live on until their `exp`. */
export const deleteClientGrant: ActionDefinition = {
  name: 'client_grant.delete',
  args: {
    subject: {type: 'one_of', required: true, of: ['client', 'user']},
    audience: {type: 'one_of', required: false, of: ['leaked']},
  },
  expand(template, facts, choices) {
    const leakedOnly = template.args['audience'] === 'leaked'
    return facts.snapshot.grants
      .filter((grant) => subjectOf(grant) === template.args['subject'])
      .filter((grant) => !grant.is_system)
      .filter((grant) => !leakedOnly || isLeakedAudience(grant, facts))
      .filter((grant) => choices.only_grants === undefined || choices.only_grants.includes(grant.id))
      .map((grant) => deletionOf(grant, template.id, facts))
  },
}

/** The deletion of one grant as a plan step. @throws guard.organization_ties when its ties could not be saved. */
export function deletionOf(grant: ClientGrant, from: string, facts: PlanFacts): PlanStep {
  refuseUnsavedTies(grant, facts)
  const canGiveBack = facts.snapshot.operator.scopes.includes('create:client_grants')
  return {
    id: `${from}:${grant.id}`,
    from,
    action: 'client_grant.delete',
    target: `grant:${grant.id}`,
    title: `delete the ${subjectOf(grant)} grant on ${quoted(grant.audience, 80)}`,
    undo: `stanch grant restore; its id changes${canGiveBack ? '' : '; needs create:client_grants, which this credential lacks'}`,
    scopes: ['delete:client_grants'],
    args: {grant_id: grant.id, grant: bodyOf(grant)},
  }
}

/** What can be given back: every member that POST takes. */
export function bodyOf(grant: ClientGrant): ClientGrantBody {
  const {id: _id, is_system: _system, ...body} = grant
  return body
}

/** A grant that organisations are tied to goes only after those ties were saved: they vanish with it. */
function refuseUnsavedTies(grant: ClientGrant, facts: PlanFacts): void {
  const usage = grant.organization_usage ?? 'deny'
  if (usage === 'deny' || grant.allow_any_organization) return
  if (facts.snapshot.organizations[grant.id]) return
  throw new StanchError(
    'guard.organization_ties',
    `Grant ${grant.id} is tied to organisations, and these ties could not be read.`,
    {
      hint: 'They are lost with the grant. Give the credential read:organization_client_grants, or leave this grant alone (respond: --keep-grants).',
    },
  )
}

/** The leaked token's own APIs; without the token at hand, the Management API. */
function isLeakedAudience(grant: ClientGrant, facts: PlanFacts): boolean {
  const audiences = facts.leaked_token?.audiences ?? []
  return audiences.length > 0 ? audiences.includes(grant.audience) : grant.audience === facts.snapshot.management_audience
}

/** Grants of the client that the plan leaves alone, with the reason, for the screen and the evidence gaps. */
export function grantsLeft(
  facts: PlanFacts,
  choices: PlanChoices,
  steps: readonly PlanStep[],
): {grant: ClientGrant; why: string}[] {
  const deleted = new Set(steps.flatMap((step) => (step.action === 'client_grant.delete' ? [step.args.grant_id] : [])))
  return facts.snapshot.grants
    .filter((grant) => !deleted.has(grant.id))
    .map((grant) => {
      if (grant.is_system) return {grant, why: 'system grant: Auth0 does not let it be deleted'}
      if (subjectOf(grant) === 'user' && !choices.include_user_grants)
        return {grant, why: 'user grant: only with --include-user-grants'}
      if (choices.keep_grants) return {grant, why: 'kept: --keep-grants'}
      return {grant, why: 'not part of this plan'}
    })
}
