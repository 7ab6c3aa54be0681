import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {clientLines, grantLines} from '../../src/cli/client-view.ts'
import {reportLines, reportOf} from '../../src/cli/error-report.ts'
import {incidentLines} from '../../src/cli/incident-view.ts'
import {describeSink} from '../../src/delivery/sink.ts'
import {StanchError} from '../../src/errors.ts'
import type {IncidentState} from '../../src/incident/replay.ts'
import {recordLines} from '../../src/report/audit-lines.ts'
import {exposureLines} from '../../src/report/exposure-lines.ts'
import {cell, code} from '../../src/report/markdown-text.ts'
import {apiLines, planLines} from '../../src/report/plan-screen.ts'
import {reconcileLines} from '../../src/report/reconcile-lines.ts'
import {cefLine} from '../../src/report/siem/cef.ts'
import {csvCell, csvLine} from '../../src/report/siem/csv.ts'
import {ecsLine} from '../../src/report/siem/ecs.ts'
import {jsonLine} from '../../src/report/siem/jsonl.ts'
import {ocsfLine} from '../../src/report/siem/ocsf.ts'
import {detailLines, messageLines, nextLines, verdictLines} from '../../src/report/summary.ts'
import {plainWords} from '../../src/report/timeline.ts'
import {verificationLines} from '../../src/report/verification-lines.ts'
import {table} from '../../src/terminal/table.ts'
import {printable, quoted, safeJson} from '../../src/untrusted.ts'
import {PLACES, recordOf} from '../report/siem/events.ts'
import {parseCef, parseCsv, parseJsonOnce, withoutCodeSpans} from '../support/parse-back.ts'
import {choices, facts} from '../support/runbooks.ts'
import {notText} from '../support/tty.ts'
import {aPlan} from '../incident/facts.ts'
import {HOSTILE} from './strings.ts'
import {confirmedIncident} from '../support/incident-state.ts'

/** Record members hold well-formed text only: the trail refuses the rest before any export sees it. */
const WELL_FORMED = HOSTILE.filter(({text}) => text.isWellFormed())

let checks = 0

/** Every hostile string through one sink; the first that gets through is named. */
function every(of: readonly {readonly tries: string; readonly text: string}[], check: (text: string) => void): void {
  for (const {tries, text} of of) {
    try {
      check(text)
      checks += 1
    } catch (error) {
      throw new Error(`${tries} ${JSON.stringify(text.slice(0, 60))}: ${(error as Error).message}`, {cause: error})
    }
  }
}

function clean(lines: readonly string[]): void {
  for (const line of lines) {
    equal(notText(line), undefined)
    ok(!line.includes('\n'), 'a line in a line')
  }
}

const AT = '2026-11-22T03:00:00Z'
const plan = aPlan()
const gap = (text: string) => ({code: 'log_unreadable', what: text, why: text})
const exposure = (text: string) => ({
  client_id: 'app1',
  computed_at: AT,
  audiences: [
    {
      audience: text,
      name: text,
      token_lifetime_seconds: 86_400,
      lifetime_source: 'tenant' as const,
      paths: [text],
      tokens: [{jti: text, issued_at: AT, expires_at: AT, ip: text, user_agent: text, log_id: text}],
      worst_case_until: AT,
    },
  ],
  all_clear: {state: 'open' as const, worst_case_at: AT, basis: text},
  evidence_gaps: [gap(text)],
})
const grant = (text: string) => ({id: 'cgr_1', client_id: 'app1', audience: text, scope: [text], subject_type: text})
const snapshot = (text: string) => ({
  ...facts().snapshot,
  tenant: text,
  client: {client_id: 'app1', name: text, grant_types: [text, 'client_credentials'], app_type: text},
  grants: [grant(text), {...grant(text), id: 'cgr_2', is_system: true}],
  resource_servers: {[text]: {id: 'rs', identifier: text, name: text, token_lifetime: 3600}},
})
const result = (text: string) => ({
  incident_id: 'inc-20261122-abcdef',
  status: 'partial' as const,
  simulated: true,
  tenant: text,
  client: {client_id: 'app1', name: text},
  leak: 'client-secret',
  plan_hash: 'ab'.repeat(32),
  actions: [{kind: 'client_grant.delete' as const, target: `grant:${text}`, outcome: 'done' as const, undo: text}],
  proof: [{claim: 'new_tokens_refused', target: `api:${text}`, verdict: 'proven' as const, probes: 3, basis: text}],
  exposure: exposure(text),
  delivery: {sink: `file:${text}`, result: 'ok' as const},
  evidence_gaps: [gap(text)],
  next: [text],
})
const state = (text: string) =>
  confirmedIncident({tenant: text, title: text, leak: text, client_id: text, ticket: text, gaps: [gap(text)]})

/** Every screen that is a pure function, with tenant text wherever it takes some. */
const SCREENS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  'printable': (text) => [printable(text), printable(text, Infinity), quoted(text)],
  'error': (text) => reportLines(reportOf(new StanchError('internal', text, {hint: text}))),
  'error that is not ours': (text) => reportLines(reportOf(Object.assign(new Error(text), {name: text, oclif: {}}))),
  'client show': (text) =>
    clientLines({
      ...snapshot(text).client,
      grants: snapshot(text).grants,
      credentials: [{id: 'cred_1', credential_type: text, name: text, kid: text, alg: text, expires_at: text}],
      lifetimes: [{audience: text, name: text, token_lifetime_seconds: 1, lifetime_source: 'tenant'}],
      evidence_gaps: [gap(text)],
    }),
  'grant list': (text) => grantLines([grant(text)]),
  'table': (text) => table([[text, text, text]], {columns: [{title: 'a'}, {title: 'b', wrap: true}, {title: 'c', keep: true}]}),
  'plan': (text) =>
    planLines(
      {...plan, tenant: text, steps: plan.steps.map((step) => ({...step, title: text, undo: text}))},
      {snapshot: snapshot(text)},
      choices(),
    ),
  'reach': (text) => apiLines({snapshot: snapshot(text)}),
  'exposure': (text) => exposureLines(exposure(text), 'UTC'),
  'details': (text) => detailLines(result(text)),
  'last screen': (text) => [...verdictLines(result(text), 'UTC'), ...nextLines(result(text).next).flat()],
  'message for the ticket': (text) => messageLines(result(text)),
  'incident show': (text) =>
    incidentLines({
      ...state(text),
      simulated: true,
      status: 'open',
      live: true,
      response_times: {moments: {}, spans: [{from: 'opened', to: 'proven', words: text, seconds: 1}]},
      reporting_clocks: {note: text, as_of: text, warning: text, items: [{regime: text, what: text, basis: text, source: text}]},
      proof: result(text).proof,
      deliveries: [{op: 'op', sink: text, result: 'ok', at: AT}],
      evidence_gaps: [gap(text)],
      open_questions: [text],
      left_open: [{item: text, what: text, how: text}],
      next: [text],
      operations: [{...operation(text), seq: 3, at: AT}],
    }),
  'verification': (text) =>
    verificationLines({
      ok: false,
      complete: false,
      form: 'log',
      records: 1,
      size: 1,
      root_hash: text,
      checkpoints: 1,
      signer: text,
      mode: 'sim',
      anchors: [{type: 'witness', detail: text}],
      findings: [{severity: 'failed', seq: 1, kind: text, detail: text}],
    } as Parameters<typeof verificationLines>[0]),
  'reconcile': (text) =>
    reconcileLines({
      matched: 1,
      findings: [{code: 'OTHER_ACTOR', log_id: text, detail: text}],
      window: {from: AT, to: AT, covered_to: AT},
      complete: true,
      tenant: text,
      simulated: true,
    } as Parameters<typeof reconcileLines>[0]),
  'sink': (text) => [describeSink({kind: 'file', path: `/x/${text}`}), describeSink({kind: 'exec', argv: [text, text]})],
}

function operation(text: string): IncidentState['operations'][number] {
  return {
    op: 'op',
    try: 1,
    action: text,
    target: text,
    phase: 'contain',
    seq: 3,
    at: AT,
    correlation_id: 'stanch-0',
  } as IncidentState['operations'][number]
}

describe('tenant text on screens', () => {
  for (const [name, screen] of Object.entries(SCREENS)) {
    test(`${name}: nothing but text comes out, and no line more than was meant`, () => {
      every(HOSTILE, (text) => clean(screen(text)))
    })
  }

  test('audit show: every place of a record', () => {
    for (const place of PLACES) every(WELL_FORMED, (text) => clean(recordLines(place(text).record, 'sim')))
  })
})

describe('tenant text in exports', () => {
  test('CSV: each event is one row of the same cells, none begins like a formula, and it reads back', () => {
    for (const place of PLACES) {
      every(WELL_FORMED, (text) => {
        const event = place(text)
        const line = csvLine(event)
        equal(notText(line.replace(/\r\n$/, '\n')), undefined)
        const rows = parseCsv(line)
        equal(rows.length, 1)
        equal(rows[0]?.length, 20)
        for (const one of rows[0] ?? [])
          ok(!/^[\s\p{Z}]*[=+@\-\uff1d\uff0b\uff0d\uff20]/u.test(one.normalize('NFKC')) && !/^[\t\r\n]/.test(one), one)
        deepEqual(JSON.parse(rows[0]?.at(-1) ?? ''), event.record)
      })
    }
  })

  test('CSV: a cell by itself', () => {
    every(HOSTILE, (text) => {
      const [row] = parseCsv(`${csvCell(text)}\r\n`)
      equal(row?.length, 1)
      equal((row?.[0] ?? '').replace(/^'/, ''), printable(text, Infinity).replace(/^'/, ''))
    })
  })

  test('CEF: each event is one line with our own keys alone, and it reads back', () => {
    for (const place of PLACES) {
      every(WELL_FORMED, (text) => {
        const event = place(text)
        const line = cefLine(event, '0.1.0')
        equal(notText(line), undefined)
        const {head, extension} = parseCef(line)
        deepEqual(head.slice(0, 4), ['CEF:0', 'stanch', 'stanch', '0.1.0'])
        for (const key of extension.keys())
          ok(
            /^(rt|externalId|cat|act|outcome|reason|suser|suid|shost|dhost|requestMethod|request|c[ns][1-6](Label)?|stanchRecord)$/.test(
              key,
            ),
            key,
          )
        equal(extension.get('cat'), event.record.kind)
        deepEqual(JSON.parse(extension.get('stanchRecord') ?? ''), event.record)
      })
    }
  })

  for (const [name, line] of [
    ['ECS', ecsLine],
    ['OCSF', ocsfLine],
    ['JSONL', jsonLine],
  ] as const) {
    test(`${name}: each event is one JSON text in one line without a member twice, and it reads back`, () => {
      for (const place of PLACES) {
        every(WELL_FORMED, (text) => {
          const event = place(text)
          const made = line(event)
          if (made === '') return
          equal(notText(made), undefined)
          equal(made.split('\n').length, 2)
          const back = parseJsonOnce(made) as {record?: unknown; raw_data?: string; event?: {original?: string}}
          const record = back.record ?? JSON.parse(back.raw_data ?? back.event?.original ?? 'null')
          deepEqual(record, event.record)
          equal(Object.getPrototypeOf(back), Object.prototype)
        })
      }
    })
  }
})

describe('tenant text in JSON on stdout', () => {
  test('values and member names read back, and nothing but text is printed', () => {
    every(HOSTILE, (text) => {
      for (const value of [text, [text], Object.fromEntries([[text, text]]), {a: {b: [{c: text}]}}]) {
        const json = safeJson(value, 2)
        equal(notText(json), undefined)
        deepEqual(parseJsonOnce(json), value)
      }
    })
  })
})

describe('tenant text in Markdown', () => {
  test('it is code, whatever it holds: nothing of it stands outside, and it reads back', () => {
    every(HOSTILE, (text) => {
      const line = `before ${code(text, Infinity)} after`
      equal(notText(line), undefined)
      if (text === '') return
      deepEqual(withoutCodeSpans(line), {outside: 'before  after', code: [printable(text, Infinity)]})
    })
  })

  test('in a table it makes no cell and no row', () => {
    every(HOSTILE, (text) => {
      const row = `| ${cell(text)} | ${cell(text, 40)} |`
      equal(notText(row), undefined)
      // GitHub's tables split at every bar that has no backslash before it, in code too
      equal(row.split('|').length, 4)
    })
  })

  test('the timeline of a report is code as a whole', () => {
    for (const place of PLACES) {
      every(WELL_FORMED, (text) => {
        const what = cell(plainWords(place(text).record), 600)
        equal(notText(what), undefined)
        ok(['', '(empty)'].includes(withoutCodeSpans(what).outside))
        ok(!what.includes('|'))
      })
    }
    ok(recordOf('note', {text: 'x'}))
  })
})

test('there are at least 200 hostile strings and at least 1,000 checks', (t) => {
  t.diagnostic(`${HOSTILE.length} strings, ${checks} checks`)
  ok(new Set(HOSTILE.map(({text}) => text)).size >= 200)
  ok(checks >= 1000, `${checks}`)
})
