import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import fc from 'fast-check'

import {ecsLine} from '../../../src/report/siem/ecs.ts'
import type {TrailEvent} from '../../../src/report/siem/event.ts'
import {jsonLine} from '../../../src/report/siem/jsonl.ts'
import {ocsfLine} from '../../../src/report/siem/ocsf.ts'
import {leafHash} from '../../../src/trail/format/record.ts'
import {printable, safeJson} from '../../../src/untrusted.ts'
import {eventOf, HOSTILE, INTENT, ORIGIN, OUTCOME, PLACES, recordOf} from './events.ts'

type Parsed = any

/** One line, one object, no member twice, nothing that a terminal would obey. */
function parsedLine(text: string): Parsed {
  ok(text.endsWith('\n'))
  const line = text.slice(0, -1)
  equal(printable(line, Infinity), line, 'a control character stands in the line')
  const value: Parsed = JSON.parse(line)
  equal(safeJson(value), line, 'a member stands in it twice, or it is not compact')
  return value
}

/** Names of all members at all depths. */
function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesOf(inner)])
}

const FORMATS: Record<
  string,
  {line: (event: TrailEvent) => string; original: (parsed: Parsed) => string; anchor: (parsed: Parsed) => unknown}
> = {
  ocsf: {line: ocsfLine, original: (one) => one.raw_data, anchor: (one) => one.unmapped.stanch},
  ecs: {line: ecsLine, original: (one) => one.event.original, anchor: (one) => one.stanch},
  jsonl: {line: jsonLine, original: (one) => JSON.stringify(one.record), anchor: (one) => one},
}

for (const [name, {line, original, anchor}] of Object.entries(FORMATS)) {
  describe(name, () => {
    const check = (event: TrailEvent) => {
      const parsed = parsedLine(line(event))
      equal(original(parsed), event.line)
      deepEqual(JSON.parse(original(parsed)), event.record)
      const {origin, seq, leaf, mode} = anchor(parsed) as Parsed
      deepEqual({origin, seq, leaf, mode}, {origin: ORIGIN, seq: event.record.seq, leaf: event.leaf, mode: event.mode})
      equal(leafHash(original(parsed)), leaf)
      return parsed
    }

    test('hostile text in any place is text again after parsing, and the leaf hash can be computed from the copy', () => {
      for (const text of HOSTILE) for (const place of PLACES) check(place(text))
    })

    test('the same for any well-formed text', () => {
      fc.assert(
        fc.property(fc.string({unit: 'binary', maxLength: 60}), fc.nat(PLACES.length - 1), (text, place) => {
          check((PLACES[place] as (typeof PLACES)[number])(text))
        }),
        {numRuns: 300},
      )
    })

    test('names of members that others chose never become members of the event', () => {
      const event = eventOf('reconcile', {
        tenant: 't',
        from: 'a',
        to: 'b',
        covered_to: 'b',
        matched: 0,
        findings: [{code: 'X', evil_member: {deeper_evil: 1}}],
      })
      const parsed = check(event)
      if (name === 'jsonl') delete parsed.record
      ok(!namesOf(parsed).some((one) => one.includes('evil')))
    })

    test('simulated is said in the event', () => {
      const made = line({...eventOf('note', {text: 'x'}), mode: 'sim'})
      ok(/simulated|"mode":"sim"/.test(made))
      ok(!/simulated/i.test(line(eventOf('note', {text: 'x'})).replace('"simulated":"false"', '')))
    })

    test('a message holds no text of others', () => {
      const {message = ''} = check(eventOf('intent', {...INTENT, action: 'delete\u0007everything; rm'})) as Parsed
      ok(!message.includes('everything'))
    })
  })
}

describe('ocsf', () => {
  const made = (event: TrailEvent): Parsed => JSON.parse(ocsfLine(event))

  test('acts are Remediation Activity, the rest of an incident is Incident Finding, all else has no place', () => {
    for (const kind of ['intent', 'outcome', 'settle'])
      equal(made(eventOf(kind, kind === 'intent' ? INTENT : {...OUTCOME, by: 'state'})).class_uid, 7001)
    for (const kind of ['incident.open', 'note', 'observe', 'gap', 'decision', 'plan', 'deliver', 'incident.close'])
      equal(made(eventOf(kind, {})).class_uid, 2005)
    const outside = eventOf('auth', {client_id: 'x', scopes: [], tenant: 't'})
    const {inc: _inc, iseq: _iseq, ...record} = outside.record
    equal(ocsfLine({...outside, record: record as TrailEvent['record']}), '')
  })

  test('an intent claims no success, an unknown result neither, and a refusal is a failure with its code', () => {
    equal(made(eventOf('intent', INTENT)).status_id, 99)
    equal(made(eventOf('outcome', {...OUTCOME, result: 'unknown'})).status_id, 0)
    equal(made(eventOf('outcome', {...OUTCOME, result: 'ok'})).status_id, 1)
    const refused = made(eventOf('outcome', OUTCOME))
    deepEqual(
      [refused.status_id, refused.status_code, refused.status_detail, refused.severity_id],
      [2, '403', 'insufficient_scope', 3],
    )
    equal(made(eventOf('settle', {op: 'o', intent: 6, result: 'not_done', by: 'state'})).status_id, 2)
    equal(made(eventOf('outcome', {...OUTCOME, result: 'constructor'})).status_id, 0)
  })

  test('intent, outcome and settle of one act share command_uid and the correlation id of the tenant log', () => {
    const intent = eventOf('intent', INTENT, {seq: 6})
    const around = {intent: intent.record}
    const events = [intent, eventOf('settle', {op: 'op-01', intent: 6, result: 'ok', by: 'state'}, {around})].map(made)
    deepEqual(
      events.map((one) => one.command_uid),
      ['op-01', 'op-01'],
    )
    equal(new Set(events.map((one) => one.api.request.uid)).size, 1)
    equal(events[0].api.request.uid, `stanch-${intent.leaf.slice(0, 56)}`)
  })

  test('a drill is a test, whatever it ends with; a real incident is judged by its disposition only', () => {
    const close = (members: Record<string, string>, mode: 'real' | 'sim') =>
      made(eventOf('incident.close', {all_clear_at: 'x', ...members}, {mode})).verdict_id
    equal(close({disposition: 'contained'}, 'sim'), 6)
    equal(close({disposition: 'contained'}, 'real'), 2)
    equal(close({disposition: 'false_alarm'}, 'real'), 1)
    equal(close({}, 'real'), 0)
    equal(close({disposition: 'toString'}, 'real'), 0)
  })
})

describe('ecs', () => {
  test('own members keep one type each, whatever the record holds', () => {
    const types = new Map<string, string>()
    for (const text of HOSTILE.slice(0, 12)) {
      for (const place of PLACES) {
        for (const [name, value] of Object.entries((JSON.parse(ecsLine(place(text))) as Parsed).stanch)) {
          equal(types.get(name) ?? typeof value, typeof value, name)
          types.set(name, typeof value)
        }
      }
    }
    ok(types.size > 8)
    ok(![...types.values()].includes('object'))
  })

  test('outcome is success, failure or unknown, and nothing where there is no act', () => {
    const outcome = (event: TrailEvent) => (JSON.parse(ecsLine(event)) as Parsed).event.outcome
    equal(outcome(eventOf('outcome', {...OUTCOME, result: 'ok'})), 'success')
    equal(outcome(eventOf('outcome', OUTCOME)), 'failure')
    equal(outcome(eventOf('outcome', {...OUTCOME, result: 'unknown'})), 'unknown')
    equal(outcome(eventOf('intent', INTENT)), 'unknown')
    equal(outcome(eventOf('note', {text: 'x', result: 'ok'})), undefined)
  })

  test('who acts is both: claimed by the machine, proven by the tenant', () => {
    const around = {
      auth: recordOf('auth', {client_id: 'M2M'}, 2),
      session: recordOf('session.open', {host: 'resp-1', pid: 42}, 1),
    }
    const made = JSON.parse(ecsLine(eventOf('intent', INTENT, {around}))) as Parsed
    deepEqual(
      [made.user.name, made.stanch.acting_client, made.host.hostname, made.process.pid],
      ['alice@example.com', 'M2M', 'resp-1', 42],
    )
  })
})
