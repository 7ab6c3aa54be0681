import {savedLogEntry} from '../../src/auth0/resources/log-entry.ts'
import type {LogEntry} from '../../src/auth0/resources/log-entry.ts'
import {scoreHunt} from '../../src/cli/hunt-score.ts'
import type {HuntScore, Truth} from '../../src/cli/hunt-score.ts'
import type {HuntResult} from '../../src/incident/hunt/findings.ts'
import {runHunt} from '../../src/incident/hunt/run.ts'
import {tellStory} from '../../src/simulator/history/story.ts'
import type {Journey, Story} from '../../src/simulator/history/story.ts'

const NOW = Date.UTC(2026, 10, 22, 3)

export interface Hunted {
  readonly story: Story
  readonly result: HuntResult
  readonly truth: readonly Truth[]
  readonly score: HuntScore
}

/** One story, hunted with what a responder would know, and held against the truth. */
export function huntStory(journey: Journey, seed: number): Hunted {
  const host = 'acme.eu.auth0.com'
  const audience = `https://${host}/api/v2/`
  const story = tellStory({journey, seed, now: NOW, host, audience})
  const truth: Truth[] = []
  const entries: LogEntry[] = []
  for (const [i, {event, at, by, deed, leaves}] of story.scenes.entries()) {
    const date = new Date(at).toISOString()
    const log_id = `900${date.replaceAll(/\D/g, '')}${String(i).padStart(36, '0')}`
    entries.push(savedLogEntry({log_id, _id: log_id, date, ...event}))
    truth.push({log_id, by, ...(deed === undefined ? {} : {deed}), ...(leaves ? {leaves} : {})})
  }
  const at = (ms: number) => new Date(ms).toISOString()
  const {client_id} = story.leaked
  const since = story.leak_known ? {since: at(story.leaked_at)} : {}
  const result = runHunt({
    entries: () => entries,
    facts: {
      clients: [{client_id, how: 'leaked', ...since}],
      ...(story.leak_known ? {leaked_at: at(story.leaked_at)} : {}),
      ...(journey === 'J14' ? {} : {contained_at: at(story.contained_at)}),
      ...(journey === 'J2' ? {token_only: true} : {}),
      ...(story.rotated ? {rotated_at: at(story.contained_at)} : {}),
      ...(story.leaked_jti === undefined ? {} : {leaked_jti: story.leaked_jti}),
      probed: [],
      own_requests: new Map(
        story.own.requests.map(({correlation_id, path}) => [
          correlation_id,
          {action: 'client_grant.delete', target: `grant:${path.split('/').at(-1)}`, method: 'DELETE', path: `/api/v2${path}`},
        ]),
      ),
      own_token_requests: story.own.probes.map((probe) => Math.floor(probe / 1000)),
    },
    sets: {
      own_clients: new Set([story.own.client_id]),
      own_correlation_ids: new Set(story.own.requests.map((one) => one.correlation_id)),
      explorer_clients: new Set([story.explorer]),
      dashboard_clients: new Set([story.dashboard]),
      critical_scopes: new Set(['update:clients']),
    },
    computed_at: at(NOW),
  })
  return {story, result, truth, score: scoreHunt(truth, result)}
}
