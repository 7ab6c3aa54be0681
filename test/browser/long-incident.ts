import {leafHash, makeRecord} from '../../src/trail/format/record.ts'
import type {StoredRecord} from '../../src/trail/format/record.ts'
import {signCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {HashLevels} from '../../src/trail/format/hash-levels.ts'
import {makeSlice} from '../../src/trail/format/slice.ts'
import type {SliceFiles} from '../../src/trail/format/slice.ts'
import type {Json} from '../../src/trail/format/members.ts'
import {INC} from '../support/account.ts'
import {ORIGIN, SIGNERS, VECTORS} from '../support/vector-log.ts'

/** A signed log with one incident of `count` records in it, as its slice. */
export function longIncident(count: number): {readonly records: StoredRecord[]; readonly slice: SliceFiles} {
  const session = {sid: 's-1', mode: 'sim', mono: 1, actor: 'alice@host'}
  const drafts: {readonly [member: string]: Json; readonly kind: string}[] = [
    {
      kind: 'log.open',
      format: 'stanch-audit/1',
      mode: 'sim',
      origin: ORIGIN,
      vkey: VECTORS.vkeys.log,
      epoch: 0,
      epoch_vkey: SIGNERS.epoch0.vkey.text,
      segment: 65_536,
    },
    {
      kind: 'session.open',
      ...session,
      actor_source: 'os',
      host: 'h',
      os_user: 'alice',
      pid: 1,
      tool: 'stanch/0.1.0',
      node: '24.1.0',
      platform: 'linux',
    },
    {
      kind: 'incident.open',
      inc: INC,
      iseq: 0,
      ...session,
      tenant: 't.example',
      target: 'client:AbC',
      title: 'A long one',
      leak: 'client-secret',
      role: 'lead',
    },
  ]
  for (let i = 1; drafts.length < count - 1; i++)
    drafts.push({
      kind: 'observe',
      inc: INC,
      iseq: i,
      ...session,
      action: 'verify.new_tokens_refused',
      target: `api:https://api-${i % 40}.example/`,
      finding: '4 well-formed refusals in a row, the last 47 s after the change; last answer 403 access_denied',
      count: 4,
      first_at: '2026-11-22T05:54:34Z',
      last_at: '2026-11-22T05:55:21Z',
      verdict: 'proven',
    })
  drafts.push({
    kind: 'incident.close',
    inc: INC,
    iseq: drafts.length - 2,
    ...session,
    all_clear_at: '2026-11-23T05:55:34Z',
    disposition: 'contained',
  })
  const records: StoredRecord[] = []
  const tree = new HashLevels()
  let prev = '0'.repeat(64)
  for (const [seq, {kind, ...members}] of drafts.entries()) {
    const time = new Date(Date.parse('2026-11-22T05:44:34.000Z') + seq * 100).toISOString()
    const record = makeRecord({seq, prev, salt: 'A'.repeat(22), time, kind}, members)
    records.push(record)
    prev = leafHash(JSON.stringify(record))
    tree.add(prev)
  }
  const size = records.length
  const checkpoint = signCheckpoint(
    {origin: ORIGIN, size, root: tree.root(size)},
    [SIGNERS.identity, SIGNERS.epoch0],
    1_795_327_000,
  )
  return {records, slice: makeSlice(records, INC, checkpoint, (seq) => tree.inclusion(seq, size))}
}
