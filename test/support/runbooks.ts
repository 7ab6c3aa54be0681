import {readFileSync} from 'node:fs'

import type {PlanChoices, PlanFacts} from '../../src/incident/policy.ts'
import {DEFAULT_CHOICES} from '../../src/incident/policy.ts'
import {ROOT} from './tree.ts'

export const SHIPPED = `${ROOT}runbooks`

export function shippedText(id: string): string {
  return readFileSync(`${SHIPPED}/${id}.md`, 'utf8')
}

/** A machine client with grants on the Management API and on one custom API, as the planner sees it. */
export function facts(scope: readonly string[] = ['read:users']): PlanFacts {
  const management = 'https://acme.eu.auth0.com/api/v2/'
  return {
    snapshot: {
      tenant: 'acme.eu.auth0.com',
      mode: 'sim',
      management_audience: management,
      taken_at: '2026-11-22T03:00:00.000Z',
      operator: {
        client_id: 'op',
        scopes: ['delete:client_grants', 'update:client_keys', 'create:client_grants'],
        source: 'secret',
      },
      client: {client_id: 'app1', name: 'billing-sync', grant_types: ['client_credentials'], is_first_party: true},
      grants: [
        {id: 'cgr_management', client_id: 'app1', audience: management, scope},
        {id: 'cgr_billing', client_id: 'app1', audience: 'https://billing.example', scope: ['read:invoices']},
        {id: 'cgr_user', client_id: 'app1', audience: 'https://billing.example', scope: [], subject_type: 'user'},
        {id: 'cgr_system', client_id: 'app1', audience: 'https://acme.eu.auth0.com/me/', scope: [], is_system: true},
      ],
      default_grants: [],
      organizations: {},
      resource_servers: {},
      log: [],
      setting_changes: [],
      gaps: [],
    },
  }
}

export function choices(changed: Partial<PlanChoices> = {}): PlanChoices {
  return {...DEFAULT_CHOICES, ...changed}
}

/** A smallest sound runbook; `front` and `page` replace its parts. */
export function runbookText(parts: {front?: string; steps?: string; page?: string} = {}): string {
  const front =
    parts.front ?? 'format: 1\nid: ours\nversion: 1\ntitle: Ours\nleak: client-secret\nstop_when: [trail_not_written, in_doubt]'
  const steps = parts.steps ?? '  - id: off\n    action: client_grant.delete\n    args: {subject: client}'
  const page = parts.page ?? '# Ours\n\n## off: Off\n\nSwitch it off.'
  return `---\n${front}\nsteps:\n${steps}\n---\n${page}\n`
}
