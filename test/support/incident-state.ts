import type {IncidentState} from '../../src/incident/replay.ts'

/** The state of an incident that has been opened and confirmed; no operation yet. */
export function confirmedIncident(changed: Partial<IncidentState> = {}): IncidentState {
  return {
    incident_id: 'inc-20261122-k7m2xq',
    tenant: 'acme.eu.auth0.com',
    title: 'x',
    leak: 'client-secret',
    client_id: 'app1',
    opened_at: '2026-11-22T03:00:00.000Z',
    operations: [],
    proofs: [],
    signed_off: {},
    clock_starts: {},
    confirmed: true,
    declined: false,
    deliveries: [],
    evidence: {},
    gaps: [],
    records: 1,
    ...changed,
  }
}
