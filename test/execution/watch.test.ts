import {deepEqual, equal, ok, rejects} from 'node:assert/strict'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {connect, openTrail} from '../../src/cli/context.ts'
import {watchIncident} from '../../src/cli/watch.ts'
import {rfc3339, systemClock} from '../../src/clock.ts'
import {isCode} from '../../src/errors.ts'
import {incidentState} from '../../src/execution/incident.ts'
import {IncidentTrail} from '../../src/execution/incident-trail.ts'
import {WatchJournal} from '../../src/execution/watch-journal.ts'
import type {WatchEvent} from '../../src/incident/watch/event.ts'
import type {RecordedEvent, WatchView} from '../../src/incident/watch/view.ts'
import {Secret} from '../../src/secret.ts'
import {getEvidence} from '../../src/trail/evidence.ts'
import {assertNoSecrets, assertTrail, connectTo, placeOf, respond, restore, scene} from '../support/incident.ts'
import type {Scene, SceneOptions} from '../support/incident.ts'

interface Incident extends Scene {
  readonly incident: string
}

/** A contained incident whose attacker and consumer only do what the test makes them do. */
async function contained(t: TestContext, options: SceneOptions = {}): Promise<Incident> {
  const at = await scene(t, {...options, behaviour: {attacker: false, consumer: false, ...options.behaviour}})
  const {result} = await respond(t, at, {leaked: true, options: {leaked_at: rfc3339(at.tenant.clock.now() - 3600)}})
  equal(result.status, 'contained')
  return {...at, incident: String(result.incident_id)}
}

interface Watched {
  readonly events: RecordedEvent[]
  readonly views: WatchView[]
  readonly end: Promise<WatchView>
  readonly stop: () => void
}

function watched(
  t: TestContext,
  at: Incident,
  options: {interval?: number; once?: boolean; onView?: (view: WatchView, n: number) => unknown} = {},
): Watched {
  const controller = new AbortController()
  const events: RecordedEvent[] = []
  const views: WatchView[] = []
  const end = connectTo(t, at).then((connected) =>
    watchIncident({
      place: placeOf(at.home),
      connected,
      incident: at.incident,
      interval: options.interval ?? 600,
      once: options.once ?? false,
      signal: controller.signal,
      onIncident: () => {},
      onEvent: (event) => void events.push(event),
      onView: (view) => {
        views.push(view)
        options.onView?.(view, views.length)
      },
    }),
  )
  return {events, views, end, stop: () => controller.abort()}
}

/** The attacker tries the old secret: what the token endpoint logs then. */
function refused(at: Incident, ip = '203.0.113.66'): string {
  return at.tenant.world.logs.add({
    type: 'feccft',
    description: 'Unauthorized',
    client_id: at.client_id,
    ip,
    user_agent: 'curl 8.9.1',
    audience: 'https://invoices.acme.example/',
    security_context: {ja3: 'e7d705a3286e19ea42f587b344ee6865', ja4: 't13d1516h2_8daaf6152771_b186095e22b6'},
  })
}

/** What the trail says that the watch saw. */
function recorded(at: Incident): WatchEvent[] {
  return at
    .records()
    .filter((record) => record['action'] === 'watch' && record['inc'] === at.incident)
    .map((record) => {
      const event = JSON.parse(
        getEvidence(path.join(at.home.data, 'trail-sim'), String(record['evidence']))?.toString('utf8') ?? '',
      ) as WatchEvent
      deepEqual([record['verdict'], record['target'], record['count']], [event.verdict, event.target, event.count])
      return event
    })
}

function total(events: readonly WatchEvent[], verdict: string): number {
  return events.filter((one) => one.verdict === verdict).reduce((sum, one) => sum + one.count, 0)
}

describe('watch', () => {
  test('until the all clear: exit by itself, not before the instant, with reads alone and no secret anywhere', async (t) => {
    const at = await contained(t)
    const before = at.requests.length
    const run = watched(t, at)
    const view = await run.end
    equal(view.state, 'clear')
    ok(at.tenant.clock.now() >= Date.parse(view.all_clear_at ?? '') / 1000 + 300)
    ok(
      run.views.filter((one) => Date.parse(one.at) < Date.parse(view.all_clear_at ?? '')).every((one) => one.state === 'waiting'),
    )
    deepEqual(
      run.events.map((one) => one.verdict),
      ['clear'],
    )
    const sent = at.requests.slice(before).filter((one) => !one.path.startsWith('/.stanch/'))
    ok(sent.length > 300)
    deepEqual(
      [...new Set(sent.filter((one) => one.method !== 'GET').map((one) => one.path))],
      ['/oauth/token'],
      'its own token is all that it posts for',
    )
    assertTrail(at)
    assertNoSecrets(at, [])
    const again = watched(t, at)
    equal((await again.end).state, 'clear')
    deepEqual(again.events, [], 'the all clear is reported once')
  })

  test('what happens is seen with address and fingerprint, once, and stands in the trail', async (t) => {
    const at = await contained(t)
    const acts: Record<number, () => void> = {
      1: () => void refused(at),
      2: () => {
        for (let n = 0; n < 7; n++) refused(at)
      },
      3: () => void at.tenant.addGrant({client_id: at.client_id, audience: 'https://ledger.acme.example/', scope: []}),
      4: () =>
        void at.tenant.world.logs.add({
          type: 'sapi',
          description: 'Create a client',
          client_id: at.client_id,
          ip: '203.0.113.66',
          user_agent: 'curl 8.9.1',
          details: {
            request: {method: 'post', path: '/api/v2/clients', channel: 'api', body: {name: '\u001b[2Jevil'}},
            response: {statusCode: 201, body: {client_id: 'evil'}},
          },
        }),
      5: () =>
        void at.tenant.world.logs.add({
          type: 'sapi',
          description: 'Update a log stream',
          client_id: 'somebody',
          ip: '198.51.100.1',
          details: {
            request: {
              method: 'patch',
              path: '/api/v2/log-streams/lst_0000000000000001',
              channel: 'api',
              body: {status: 'paused'},
            },
            response: {statusCode: 200, body: {}},
          },
        }),
      6: () =>
        void at.tenant.world.logs.add({
          type: 'seccft',
          description: '',
          client_id: at.client_id,
          ip: '203.0.113.66',
          user_agent: 'curl 8.9.1',
          audience: 'https://ledger.acme.example/',
        }),
    }
    const run: Watched = watched(t, at, {
      onView: (_view, n) => {
        acts[n]?.()
        if (n === 9) run.stop()
      },
    })
    await rejects(run.end, (error: unknown) => isCode(error, 'interrupted'))
    const verdicts = run.events.map((one) => one.verdict)
    for (const verdict of ['tripwire', 'grant_back', 'new_client', 'log_stream_paused'])
      ok(verdicts.includes(verdict as never), verdict)
    equal(verdicts.filter((one) => one === 'grant_back').length, 1)
    const [first] = run.events
    deepEqual([first?.ip, first?.fingerprint, first?.count], ['203.0.113.66', 't13d1516h2_8daaf6152771_b186095e22b6', 1])
    equal(
      total(
        run.events.filter((one) => !one.alarm),
        'tripwire',
      ),
      8,
    )
    const alarm = run.events.find((one) => one.verdict === 'tripwire' && one.alarm)
    ok(alarm?.until !== undefined && Date.parse(alarm.until) > Date.parse(run.views.at(-2)?.at ?? ''))
    equal(run.views.at(-1)?.state, 'alarm')
    equal(run.views[0]?.state, 'waiting')
    deepEqual(
      recorded(at),
      run.events.map(({seq: _seq, ...event}) => event),
    )
    assertTrail(at)
  })

  test('ended at any moment and begun again, every use is counted once', async (t) => {
    const at = await contained(t)
    let tried = 0
    const attempts = (n: number) => {
      for (let one = 0; one < n; one++, tried++) refused(at, `203.0.113.${tried % 7}`)
    }
    attempts(250)
    for (let session = 0; session < 6; session++) {
      const rounds = 1 + (session % 3)
      const run: Watched = watched(t, at, {
        onView: (_view, n) => {
          attempts(13)
          if (n === rounds) run.stop()
        },
      })
      await rejects(run.end)
    }
    at.tenant.clock.advance(10)
    const last = watched(t, at, {once: true})
    await last.end
    equal(total(recorded(at), 'tripwire'), tried)
    const ids = recorded(at).flatMap((one) => one.log_ids)
    equal(new Set(ids).size, ids.length, 'no entry is reported twice')
  })

  test('a watch that dies without a word loses nothing: what was read after its last record is read again', async (t) => {
    const at = await contained(t)
    for (let n = 0; n < 30; n++) refused(at)
    const connected = await connectTo(t, at)
    let pages = 0
    const dying = Object.create(connected.tenant) as typeof connected.tenant
    Object.defineProperty(dying, 'logsFrom', {
      value: async (page: {from?: string; take: number}) => {
        if (++pages === 2) throw new TypeError('the process is gone')
        return connected.tenant.logsFrom({...page, take: 10})
      },
    })
    const job = {
      place: placeOf(at.home),
      incident: at.incident,
      interval: 600,
      once: true,
      signal: new AbortController().signal,
      onIncident: () => {},
      onEvent: () => {},
      onView: () => {},
    }
    at.tenant.clock.advance(10)
    await rejects(watchIncident({...job, connected: {...connected, tenant: dying}}), TypeError)
    await watchIncident({...job, connected})
    equal(total(recorded(at), 'tripwire'), 30)
  })

  test('two watches of one incident side by side: both show everything, the trail has it once', async (t) => {
    const at = await contained(t)
    const both = [0, 1].map(() =>
      watched(t, at, {
        interval: 300,
        onView: (_view, n) => {
          if (n < 20) refused(at, `203.0.113.${n % 5}`)
        },
      }),
    )
    const ends = await Promise.all(both.map((one) => one.end))
    deepEqual(
      ends.map((one) => one.state),
      ['clear', 'clear'],
    )
    const logged = at.tenant.logs().filter((one) => one['type'] === 'feccft' && one['ip'] !== '127.0.0.1').length
    equal(total(recorded(at), 'tripwire'), logged)
    equal(total(recorded(at), 'clear'), 1)
    const [a, b] = both.map((one) => new Set(one.events.map(({seq}) => seq)))
    deepEqual(a, b)
  })

  for (const [says, verdict, rounds] of [
    ['wrote the all clear', 'clear', 1],
    ['wrote something else', 'adoption', 2],
  ] as const)
    test(`a watch that is about to end while another one ${says} ends with the all clear, which stands once`, async (t) => {
      const at = await contained(t)
      at.tenant.clock.advance(2 * 86_400)
      const trail = await openTrail(placeOf(at.home), 'sim')
      const {tenant} = incidentState(trail, at.incident)
      const other = new WatchJournal(new IncidentTrail(trail, at.incident, tenant, systemClock))
      let clear = 0
      const run: Watched = watched(t, at, {
        onView: (view) => {
          if (view.state !== 'clear' || ++clear > 1) return
          const memory = other.memory(incidentState(trail, at.incident))
          const now = view.at
          memory.report({
            verdict,
            target: `client:${at.client_id}`,
            finding: 'by another watch',
            alarm: false,
            count: 1,
            again: false,
            first_at: now,
            last_at: now,
            log_ids: [],
            client_id: at.client_id,
          })
          other.write(memory.flush(), 0)
        },
      })
      const end = await run.end.finally(() => trail.close('done'))
      equal(end.state, 'clear')
      equal(clear, rounds)
      equal(total(recorded(at), 'clear'), 1)
      ok(run.events.some((event) => event.finding === 'by another watch'))
    })

  test('grants that are given back while it watches are no alarm, and their tokens are consumers that moved', async (t) => {
    const at = await contained(t)
    const run: Watched = watched(t, at, {
      interval: 300,
      onView: (_view, n) => {
        if (n === 6) run.stop()
      },
    })
    await rejects(run.end)
    const {result} = await restore(t, at, at.incident, {beforeAllClear: true})
    equal(result.status, 'restored')
    at.tenant.world.logs.add({
      type: 'seccft',
      description: '',
      client_id: at.client_id,
      ip: '198.51.100.7',
      user_agent: 'billing-sync 4.2.0',
      audience: 'https://ledger.acme.example/',
    })
    at.tenant.clock.advance(10)
    const next = watched(t, at, {once: true})
    const view = await next.end
    ok(view.state === 'waiting', view.next)
    deepEqual(
      next.events.map((one) => [one.verdict, one.alarm, one.ip]),
      [['adoption', false, '198.51.100.7']],
    )
  })

  test('a tenant that does not answer blinds it for a while; what happened meanwhile is seen afterwards', async (t) => {
    const at = await contained(t)
    const run: Watched = watched(t, at, {
      onView: (_view, n) => {
        if (n === 2) {
          at.tenant.fault({on: 'logs.list', do: 'status', status: 503, times: 40} as never)
          refused(at)
        }
        if (n === 4) at.tenant.clearFaults()
        if (n === 6) run.stop()
      },
    })
    await rejects(run.end, (error: unknown) => isCode(error, 'interrupted'))
    ok(run.views[2]?.blind !== undefined && run.views[2].state === 'waiting')
    equal(run.views[5]?.blind, undefined)
    equal(total(run.events, 'tripwire'), 1)
  })

  test('an incident that is closed meanwhile ends its watch, and nothing is added to it', async (t) => {
    const at = await contained(t)
    const run = watched(t, at, {
      onView: (_view, n) => {
        if (n !== 2) return
        refused(at)
        void openTrail(placeOf(at.home), 'sim').then((trail) => {
          trail.append({kind: 'incident.close', inc: at.incident, all_clear_at: 'unknown', disposition: 'accepted'})
          trail.close('done')
        })
      },
    })
    await rejects(run.end, (error: unknown) => isCode(error, 'guard.incident_closed'))
    equal(at.records().findLast((record) => record['inc'] === at.incident)?.kind, 'incident.close')
  })

  test('the rate limit of a small plan is respected: nothing is refused, and something is left for others', async (t) => {
    const at = await contained(t, {plan: 'free'})
    for (let n = 0; n < 500; n++) refused(at)
    at.tenant.clock.advance(10)
    const limited = () => at.tenant.logs().filter((one) => one['type'] === 'api_limit').length
    const before = limited()
    await watched(t, at, {once: true}).end
    equal(limited(), before)
    equal(total(recorded(at), 'tripwire'), 500)
  })

  test('without the scope for the log there is no watch, and no incident means none to watch', async (t) => {
    const at = await contained(t)
    const token = at.simulator.tenant.issueToken({
      client_id: at.simulator.practice.operator.client_id,
      scope: 'read:clients read:client_grants',
    })
    const connected = await connect(placeOf(at.home), {
      domain: at.simulator.origin,
      credential: {kind: 'token', token: new Secret(token)},
      from: {domain: 'a test', credential: 'a test'},
      warnings: [],
      missing: [],
    } as Parameters<typeof connect>[1])
    t.after(() => connected.close())
    const job = {
      place: placeOf(at.home),
      connected,
      interval: 30,
      once: true,
      signal: new AbortController().signal,
      onIncident: () => {},
      onEvent: () => {},
      onView: () => {},
    }
    await rejects(watchIncident(job), (error: unknown) => isCode(error, 'auth0.scope_missing'))
    await rejects(watchIncident({...job, incident: 'inc-20260101-aaaaaa'}), (error: unknown) => isCode(error, 'incident.unknown'))
  })
})
