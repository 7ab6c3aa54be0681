import {LOG_STREAMS_PATH} from '../auth0/tenant.ts'
import type {Tenant} from '../auth0/tenant.ts'
import type {LogStream} from '../auth0/resources/log-stream.ts'
import {inDoubt} from '../incident/replay.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {EvidenceGap} from '../incident/tenant-snapshot.ts'
import type {IncidentTrail} from './incident-trail.ts'
import {readWithIntent, settleRead} from './read-with-intent.ts'

const ACTION = 'log_streams.read'
/** The scope that shows log streams, with the secrets of their receivers. */
const SCOPE = 'read:log_streams'

/**
 * The tenant's log streams and how they stand. Auth0 suspends one by itself without a word in the tenant log. The answer
 * holds secrets, which are dropped at once, and the tenant logs the read: it has an intent.
 *
 * @returns in words why they could not be read, where they could not
 */
export async function lookAtStreams(
  {tenant, journal}: {readonly tenant: Tenant; readonly journal: IncidentTrail},
  state: Pick<IncidentState, 'operations'>,
): Promise<readonly LogStream[] | string> {
  for (const lost of state.operations) if (lost.action === ACTION && inDoubt(lost)) settleRead(journal, lost)
  const {scopes} = await tenant.operator()
  if (!scopes.includes(SCOPE)) return `our client lacks ${SCOPE}`
  const {answer} = await readWithIntent(
    journal,
    {
      action: ACTION,
      target: 'log_streams:all',
      req: {method: 'GET', path: LOG_STREAMS_PATH},
      phase: 'verify',
      why: 'is a log stream paused or suspended? The secrets of the receivers are dropped',
    },
    (correlationId) => tenant.readLogStreams(correlationId),
  )
  const {sent, streams} = answer
  return streams ?? (sent.kind === 'answered' ? `the tenant answered ${sent.status}` : 'no usable answer came')
}

/** What looks at the log streams leave unseen. @param looked the newest look; absent where nobody looked */
export function streamsGap(looked: readonly LogStream[] | string | undefined): EvidenceGap {
  const what = 'log streams that Auth0 suspends by itself'
  if (looked === undefined || typeof looked === 'string')
    return {
      code: 'log_streams_by_log_only',
      what,
      why: `changes of log streams are seen in the tenant log; their list was not read: ${looked ?? 'one look alone does not'}`,
    }
  return {
    code: 'log_streams_at_ends',
    what: `${what} and takes up again between the beginning and the end of this watch`,
    why: 'the log says nothing of it, and their list, which holds secrets of the receivers, is read at both ends only',
  }
}
