import {hash} from 'node:crypto'

import {deletionOf} from '../incident/actions/delete-client-grant.ts'
import {expandStep} from '../incident/actions/index.ts'
import {reachableAudiences} from '../incident/actions/template.ts'
import {StanchError} from '../errors.ts'
import type {LeakKind} from '../incident/leak.ts'
import {canonicalJson} from '../incident/plan.ts'
import type {Plan, PlanStep} from '../incident/plan.ts'
import type {PlanChoices, PlanFacts} from '../incident/policy.ts'
import {subjectOf} from '../incident/tenant-snapshot.ts'

/**
 * Plans of the single-purpose commands. They are plans like any other and take the same road; their "runbook" is the
 * command itself, whose hash is that of its step list.
 */
export function commandPlan(
  name: string,
  leak: LeakKind,
  facts: PlanFacts,
  choices: PlanChoices,
  steps: readonly PlanStep[],
): Plan {
  const outline = steps.map((step) => step.action)
  return {
    version: 1,
    mode: facts.snapshot.mode,
    tenant: facts.snapshot.tenant,
    leak,
    client_id: facts.snapshot.client.client_id,
    runbook: {id: `command:${name}`, version: 1, sha256: hash('sha256', canonicalJson({command: name, outline}), 'hex')},
    steps,
    stop_when: ['trail_not_written', 'in_doubt'],
    verify_window_seconds: choices.verify_window_seconds,
  }
}

/** What `grant delete` was asked to take. */
export interface GrantChoice {
  readonly grant?: string
  readonly audience?: string
  readonly all: boolean
}

/** @throws auth0.not_found when nothing matches: there is nothing to delete, and a typo must not look like success */
export function deleteGrantsPlan(choice: GrantChoice, leak: LeakKind, facts: PlanFacts, choices: PlanChoices): Plan {
  const {snapshot} = facts
  const wanted = snapshot.grants.filter((grant) => {
    if (choice.grant !== undefined) return grant.id === choice.grant
    if (choice.audience !== undefined)
      return grant.audience === choice.audience && (choices.include_user_grants || subjectOf(grant) === 'client')
    return choices.include_user_grants || subjectOf(grant) === 'client'
  })
  const system = wanted.find((grant) => grant.is_system)
  if (system && choice.grant !== undefined)
    throw new StanchError('input.invalid', `Grant ${system.id} is a system grant; Auth0 does not let anybody delete it.`)
  const takable = wanted.filter((grant) => !grant.is_system)
  if (takable.length === 0) {
    throw new StanchError(
      'auth0.not_found',
      `Client ${snapshot.client.client_id} has no such client grant. Nothing was changed.`,
      {
        hint: `Look at what it has: stanch grant list --client ${snapshot.client.client_id}`,
      },
    )
  }
  const steps: PlanStep[] = [
    ...saveLogs(facts, choices),
    ...takable.map((grant) => deletionOf(grant, 'delete', facts)),
    {
      id: 'verify',
      from: 'verify',
      action: 'verify',
      target: `client:${snapshot.client.client_id}`,
      title: 'prove it: read the grants again, and ask for a token where a secret is at hand',
      undo: 'nothing to undo: probes and reads',
      scopes: [],
      args: {
        client_id: snapshot.client.client_id,
        claims: ['new_tokens_refused', 'grants_absent'],
        audiences: reachableAudiences(facts),
      },
    },
    ...expandStep({id: 'exposure', action: 'exposure', when: 'always', args: {}}, facts, choices),
  ]
  return commandPlan('grant delete', leak, facts, choices, steps)
}

export function rotatePlan(leak: LeakKind, facts: PlanFacts, choices: PlanChoices): Plan {
  const steps = [
    ...saveLogs(facts, choices),
    ...expandStep({id: 'rotate', action: 'client_secret.rotate', when: 'always', args: {}}, facts, choices),
    ...expandStep({id: 'deliver', action: 'secret.deliver', when: 'always', args: {}}, facts, choices),
    ...expandStep(
      {id: 'verify', action: 'verify', when: 'always', args: {claims: ['old_secret_refused', 'new_secret_accepted']}},
      facts,
      {...choices, rotate: true},
    ),
    ...expandStep({id: 'exposure', action: 'exposure', when: 'always', args: {}}, facts, choices),
  ]
  return commandPlan('secret rotate', leak, facts, choices, steps)
}

function saveLogs(facts: PlanFacts, choices: PlanChoices): PlanStep[] {
  return expandStep({id: 'save-logs', action: 'tenant_log.save', when: 'always', args: {entries: 1000}}, facts, choices)
}
