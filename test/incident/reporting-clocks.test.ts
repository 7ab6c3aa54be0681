import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {clockLines} from '../../src/report/clock-lines.ts'
import {reportingClocks} from '../../src/incident/reporting-clocks.ts'
import {CLOCKS_AS_OF, REPORTING_RULES} from '../../src/incident/reporting-clocks-data.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z') / 1000
const AWARE = {aware_at: '2026-11-20T10:00:00Z', opened_at: '2026-11-20T11:00:00.000Z', clock_starts: {}}

function due(state: Parameters<typeof reportingClocks>[0]): Record<string, string | undefined> {
  return Object.fromEntries(reportingClocks(state, NOW).items.map((one) => [`${one.regime} ${one.what}`, one.due_at]))
}

describe('reporting clocks', () => {
  test('every deadline counts from awareness, and says so', () => {
    deepEqual(due(AWARE), {
      'DORA initial notification, at the latest': '2026-11-21T10:00:00Z',
      'DORA initial notification, after classification as major': undefined,
      'DORA intermediate report': '2026-11-24T10:00:00Z',
      'DORA final report': '2026-12-20T10:00:00Z',
      'NIS2 early warning': '2026-11-21T10:00:00Z',
      'NIS2 notification': '2026-11-23T10:00:00Z',
      'NIS2 final report': '2026-12-20T10:00:00Z',
      'GDPR notification of the supervisory authority': '2026-11-23T10:00:00Z',
      'SEC disclosure': undefined,
      'HIPAA notification': '2027-01-19T10:00:00Z',
      'PCI DSS notification': '2026-11-20T10:00:00Z',
    })
    for (const one of reportingClocks(AWARE, NOW).items) {
      ok(one.basis.length > 10 && one.source.length > 5)
      equal(one.due_at === undefined, one.starts_at === undefined)
    }
  })

  test('a clock that a judgement starts does not run before it, and runs from it', () => {
    const judged = {...AWARE, clock_starts: {classified_major: '2026-11-20T20:00:00Z', judged_material: '2026-11-20T23:30:00Z'}}
    equal(due(judged)['DORA initial notification, after classification as major'], '2026-11-21T00:00:00Z')
    equal(due(judged)['SEC disclosure'], '2026-11-26T23:30:00Z', 'Friday, then Monday to Thursday')
    match(
      reportingClocks(AWARE, NOW).items.find(({regime}) => regime === 'SEC')?.basis ?? '',
      /not on record \(incident update --material-at\)/,
    )
  })

  test('where nobody said when they knew, the opening stands in and the basis says that it may be earlier', () => {
    for (const aware of [{}, {aware_at: 'unknown'}]) {
      const clocks = reportingClocks({opened_at: AWARE.opened_at, clock_starts: {}, ...aware}, NOW)
      const gdpr = clocks.items.find(({regime}) => regime === 'GDPR')
      equal(gdpr?.due_at, '2026-11-23T11:00:00Z')
      match(gdpr.basis, /it may be earlier/)
    }
  })

  test('a month ends on its last day where there is no such day', () => {
    equal(due({...AWARE, aware_at: '2027-01-31T10:00:00Z'})['NIS2 final report'], '2027-02-28T10:00:00Z')
    equal(due({...AWARE, aware_at: '2027-12-31T23:59:59+02:00'})['NIS2 final report'], '2028-01-31T21:59:59Z')
  })

  test('never legal advice; after twelve months a warning, not before', () => {
    const at = Date.parse(`${CLOCKS_AS_OF}T00:00:00Z`) / 1000
    equal(reportingClocks(AWARE, at + 364 * 86_400).warning, undefined)
    match(reportingClocks(AWARE, at + 366 * 86_400).warning ?? '', /more than twelve months ago/)
    match(clockLines(reportingClocks(AWARE, NOW))[0] ?? '', /not legal advice/)
    match(clockLines(reportingClocks(AWARE, at + 400 * 86_400))[1] ?? '', /^ {2}WARNING/)
  })

  test('the soonest deadline stands first, and each rule names its source', () => {
    const lines = clockLines(reportingClocks(AWARE, NOW)).slice(1)
    match(lines[0] ?? '', /PCI DSS/)
    deepEqual(new Set(REPORTING_RULES.map(({regime}) => regime)), new Set(['DORA', 'NIS2', 'GDPR', 'SEC', 'HIPAA', 'PCI DSS']))
    ok(lines.at(-1)?.includes('not begun'))
  })
})
