import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {systemClock} from '../../src/clock.ts'
import {type Draft, Trail, type TrailOptions} from '../../src/trail/trail.ts'

export const IDENTITY = {
  actor: 'alice@example.com',
  actor_source: 'flag',
  host: 'resp-1',
  os_user: 'alice',
  pid: 4242,
  tool: 'stanch/0.1.0',
  node: '24.21.0',
  platform: 'linux',
}

/** A folder of its own for one test, removed at the end of the test. */
export function trailPlace(t: {after(work: () => void): void}): {
  base: string
  folder: string
  keys: string
  open(more?: Partial<TrailOptions>): Promise<Trail>
} {
  const base = mkdtempSync(join(tmpdir(), 'stanch-trail-'))
  const open: Trail[] = []
  t.after(() => {
    for (const trail of open) {
      try {
        trail.close('end of test')
      } catch {
        // tests break trails on purpose
      }
    }
    rmSync(base, {recursive: true, force: true})
  })
  const folder = join(base, 'log')
  const keys = join(base, 'keys')
  return {
    base,
    folder,
    keys,
    open: async (more = {}) => {
      const trail = await Trail.open({folder, keys, mode: 'sim', clock: systemClock, identity: IDENTITY, ...more})
      open.push(trail)
      return trail
    },
  }
}

/** The first record of an incident. */
export function opening(inc: string): Draft {
  return {kind: 'incident.open', inc, tenant: 'acme.eu.auth0.com', title: 'A leaked secret', leak: 'client-secret', role: 'lead'}
}

/** Opens an incident with one grant deletion: records 2 to 4 of a new log. */
export function oneAct(trail: Trail, inc: string): string {
  trail.append(opening(inc))
  const act = {
    op: `op-${inc}`,
    try: 1,
    action: 'client_grant.delete',
    tenant: 'acme.eu.auth0.com',
    target: 'grant:cgr_1',
  } as const
  const intent = trail.append({kind: 'intent', inc, ...act, req: {method: 'DELETE', path: '/api/v2/client-grants/cgr_1'}})
  trail.append({
    kind: 'outcome',
    inc,
    ...act,
    intent: intent.seq,
    corr: intent.correlationId,
    result: 'ok',
    res: {status: 204, ms: 3},
  })
  return intent.correlationId
}
