import {byAdmin, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {ID, request, WRITES} from '../requests.ts'

export const logsBlinded: Hunt = {
  id: 'H18',
  title: 'Logs blinded or copied out',
  question: 'Did somebody pause, narrow, redirect or add a log or event stream?',
  meaning:
    'A paused, deleted, filtered or masked stream hides what follows from the SIEM; a new one, or another endpoint, copies every event out of the tenant.',
  weight: 'act',
  source: 'log schema sapi, by path; the scopes that hide tracks',
  detections: [
    {
      events: ['sapi'],
      where: request(['post'], '(log-streams|event-streams)'),
      leaves: {
        kind: 'log_stream',
        id: ['details.response.body.id'],
        remove: 'delete the stream {id} (Dashboard > Monitoring > Streams)',
        path: '/api/v2/log-streams/{id}',
      },
    },
    {
      events: ['sapi'],
      where: request(WRITES, `(log-streams|event-streams)/${ID}(/.+)?`),
      leaves: {
        kind: 'log_stream_settings',
        in_path: '^/api/v2/(?:log-streams|event-streams)/([^/?]+)',
        remove:
          'set status, filters, masking and endpoint of the stream {id} back, or make it again (Dashboard > Monitoring > Streams)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'a log stream paused with the leaked client',
      entries: [
        write('patch', '/log-streams/lst_0000000000012345', {description: 'Update a log stream', body: {status: 'paused'}}),
      ],
    },
    near_miss: {
      what: 'an administrator changes another kind of stream of the company, a connection named log-streams',
      entries: [byAdmin('patch', '/connections/con_Logstreams000001', {body: {name: 'log-streams'}})],
    },
  },
}
