import {deepEqual, equal, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {parseAllDocuments} from 'yaml'

import {notifyName} from '../../src/delivery/notify.ts'
import type {HuntResult} from '../../src/incident/hunt/findings.ts'
import {HUNTS} from '../../src/incident/hunt/catalogue.ts'
import {noticeText, resultNotice, watchNotice} from '../../src/incident/notice.ts'
import type {TokenPath} from '../../src/incident/token-paths.ts'
import type {RecordedEvent, WatchView} from '../../src/incident/watch/view.ts'
import {assessLines} from '../../src/report/assess-lines.ts'
import {bundleLines} from '../../src/report/bundle-lines.ts'
import {clockLines, responseLines} from '../../src/report/clock-lines.ts'
import {closeLines} from '../../src/report/close-lines.ts'
import {chatText, statusText, ticketText} from '../../src/report/forms.ts'
import {scorePage} from '../../src/report/html/score-page.ts'
import {huntLines} from '../../src/report/hunt-lines.ts'
import {markdownReport} from '../../src/report/markdown.ts'
import {incidentReport} from '../../src/report/report.ts'
import {VIEWS} from '../../src/report/report-views.ts'
import {scoreCard, scoreMarkdown} from '../../src/report/score-card.ts'
import {sigmaOf} from '../../src/report/siem/sigma.ts'
import {stateMembers, watchDocument, watchEventLine, watchLine, watchScreen} from '../../src/report/watch-lines.ts'
import {looksLikeSecret} from '../../src/secret.ts'
import {printable, safeJson} from '../../src/untrusted.ts'
import {parseJsonOnce, withoutCodeSpans} from '../support/parse-back.ts'
import {hostileAccount} from '../support/rich-account.ts'
import {facts} from '../support/runbooks.ts'
import {notText} from '../support/tty.ts'
import {HOSTILE} from './strings.ts'

/*
 * What tells people or machines of an incident: reports and their forms, score cards, screens of hunt, watch, assessment,
 * close and bundle, notifications, Sigma rules. The evidence page of a bundle is held by test/report/page.test.ts and
 * test/browser/run.ts, completion by test/cli/completion.test.ts.
 */

/** A record or a blob holds well-formed text only; the empty string is no attempt. */
const TEXTS = HOSTILE.filter(({text}) => text !== '' && text.isWellFormed())
const AT = '2026-11-22T03:00:00Z'
/** No word of ours: a name that is one would be made a label wherever it stands. */
const HARMLESS = 'Quixotica'
let checks = 0

function every(check: (text: string) => void): void {
  for (const {tries, text} of TEXTS) {
    try {
      check(text)
      checks += 1
    } catch (error) {
      throw new Error(`${tries} ${JSON.stringify(text.slice(0, 60))}: ${(error as Error).message}`, {cause: error})
    }
  }
}

/** Nothing but text, and as many lines as a harmless text makes. */
function sameLines(made: string, harmless: string): void {
  equal(notText(made), undefined)
  equal(made.split('\n').length, harmless.split('\n').length, 'a line in a line')
}

/** The names of all elements of a page, in their order: what the page is, without what it says. */
function shape(page: string): string {
  const tags = [...page.matchAll(/<\/?([a-zA-Z!][^\s/>]*)(?:\s+[a-zA-Z-]+(?:="[^"]*")?)*\s*\/?>/g)]
  // what looks like an address is wrapped so that it can be hidden
  return tags
    .map((one) => one[1])
    .join(' ')
    .replaceAll(/ span span/g, '')
}

/** What of a Markdown page is not code. */
function outside(page: string): string {
  return page
    .split('\n')
    .map((line) => withoutCodeSpans(line).outside)
    .join('\n')
}

const SCORE = {
  began_at: Date.parse(AT) / 1000 - 60,
  ready_at: Date.parse(AT) / 1000 + 120,
  attacker: {before: {minted: 1, calls_accepted: 1}, after: {minted: 1, refused: 1, calls_accepted: 1}},
  consumer: {calls_ok: 1, calls_failed: 1, mints_failed: 1},
  changes_without_intent: 1,
}
const cardOf = (text: string) => scoreCard(incidentReport(hostileAccount(text), 'auditor'), {...SCORE, scenario: 'client-secret'})

describe('tenant text in the forms of a report', () => {
  const harmless = VIEWS.map((view) => {
    const report = incidentReport(hostileAccount(HARMLESS), view)
    return {report, markdown: outside(markdownReport(report))}
  })

  /** Making a report of every string in every view would take minutes: each string is in one of them, and all are long enough. */
  test('JSON, ticket, chat, status and Markdown are text alone; nothing makes a line, nothing stands outside of code', () => {
    let turn = 0
    every((text) => {
      const index = turn++ % VIEWS.length
      const benign = harmless[index]!
      const report = incidentReport(hostileAccount(text), VIEWS[index])
      const json = safeJson(report, 2)
      equal(notText(json), undefined)
      deepEqual(parseJsonOnce(json), JSON.parse(JSON.stringify(report)))
      sameLines(ticketText(report), ticketText(benign.report))
      sameLines(chatText(report), chatText(benign.report))
      equal(statusText(report), statusText(benign.report), 'a public sentence says it')
      const page = markdownReport(report)
      equal(notText(page), undefined)
      equal(outside(page), benign.markdown, VIEWS[index])
      checks += 4
    })
  })

  test('a score card is no different', () => {
    const benign = cardOf(HARMLESS)
    const page = shape(scorePage(benign, '// none\n'))
    const markdown = outside(scoreMarkdown(benign, ''))
    let turn = 0
    every((text) => {
      if (turn++ % 4 > 0) return
      const card = cardOf(text)
      equal(shape(scorePage(card, '// none\n')), page)
      equal(outside(scoreMarkdown(card, '')), markdown)
      equal(notText(scoreMarkdown(card, '')), undefined)
    })
  })
})

const gap = (text: string) => ({code: 'log_unreadable', what: text, why: text})
const tally = (text: string): WatchView['sources'][number] => ({
  key: text,
  verdict: 'tripwire',
  what: 'the old secret was tried',
  alarm: true,
  ip: text,
  user_agent: text,
  fingerprint: text,
  audiences: [text],
  count: 1,
  fresh: 0,
  first_at: 0,
  last_at: 0,
  fresh_first_at: 0,
  log_ids: [],
})
const view = (text: string): WatchView =>
  ({
    incident_id: 'inc-20261122-abcdef',
    client_id: 'app1',
    at: AT,
    state: 'alarm',
    all_clear_at: AT,
    left_seconds: 0,
    next: text,
    entries: 1,
    counts: {},
    sources: [tally(text)],
    not_seen: [gap(text)],
    blind: {since: AT, why: text},
  }) as WatchView
const event = (text: string): RecordedEvent => ({
  verdict: 'tripwire',
  target: `source:${text}`,
  finding: `the old secret was tried, from ${printable(text, 60)}`,
  alarm: true,
  count: 1,
  again: false,
  first_at: AT,
  last_at: AT,
  log_ids: [],
  ip: text,
  user_agent: text,
  fingerprint: text,
  audience: text,
  seq: 7,
})
const hunt = (text: string): HuntResult =>
  ({
    computed_at: AT,
    client_ids: [text],
    clients: [{client_id: text, how: 'leaked'}],
    suspects: {ips: [text], fingerprints: [text], user_agents: [text], jtis: [text]},
    findings: [{hunt: 'H5', verdict: 'hostile', what: text, at: AT, log_ids: ['1'], ip: text, user_agent: text, remove: text}],
    inventory: [{id: `H5:user:${text}`, what: text, hunt: 'H5', remove: text, log_ids: ['1']}],
    not_seen: [{what: text, why: text}],
    entries: 1,
    covers: {from: AT, to: AT},
    rounds: 1,
  }) as unknown as HuntResult
const tokenPath = (text: string): TokenPath => ({
  id: `client:${text}`,
  audience: text,
  subject: 'user',
  via: 'client_grant',
  grant_id: 'cgr_1',
  credential: 'secret',
  grant_types: [text],
  without_organization: true,
  organizations: [text],
  scopes: [text],
  open: true,
  why: text,
  closes: text,
})

const SCREENS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  'watch': (text) => [
    ...watchScreen(view(text), [event(text)], {tenant: text, simulated: true, zone: 'UTC'}, {rows: 24, columns: 80}, 0),
    watchLine(view(text), 'UTC'),
    watchEventLine(event(text)),
    watchDocument('event', event(text)),
    watchDocument('state', stateMembers(view(text))),
  ],
  'hunt': (text) => huntLines(hunt(text), {tenant: text, simulated: true, incident_id: 'inc-20261122-abcdef'}),
  'assess': (text) =>
    assessLines(
      {
        leak: 'client-secret',
        before: [tokenPath(text)],
        after: [tokenPath(text)],
        stays_open: [text],
        evidence_gaps: [gap(text)],
        next: [text],
      },
      {...facts().snapshot, client: {client_id: 'app1', name: text, grant_types: [text], third_party_security_mode: text}},
    ),
  'close': (text) =>
    closeLines({
      incident_id: 'inc-20261122-abcdef',
      simulated: true,
      status: 'open',
      disposition: 'contained',
      waived: [{item: `path.${text}`, by: text, reason: text}],
      open_items: [{item: `hunt.${text}`, what: text, how: text}],
      next: [text],
    }),
  'bundle': (text) =>
    bundleLines({
      incident_id: 'inc-20261122-abcdef',
      simulated: true,
      path: `/x/${text}`,
      form: 'tar',
      sha256: 'ab',
      size: 1,
      files: 1,
      checkpoint: {origin: text, size: 1, root_hash: 'ab'},
      complete: false,
      blinded: 0,
      withheld: 1,
      missing: 1,
      custody: {seq: 1},
    }),
  'deadlines': (text) => [
    ...responseLines({moments: {}, spans: [{from: 'opened', to: 'proven', words: text, seconds: 1}]}),
    ...clockLines({
      note: text,
      as_of: text,
      warning: text,
      items: [
        {regime: text, what: text, basis: text, source: text},
        {regime: text, what: text, basis: text, source: text, due_at: AT},
      ],
    }),
  ],
  'who is notified': (text) => [
    notifyName({kind: 'exec', argv: [`/bin/${text}`]}),
    notifyName({kind: 'webhook', url: {host: text} as URL}),
  ],
}

describe('tenant text on the screens of what comes after containment', () => {
  for (const [name, screen] of Object.entries(SCREENS)) {
    test(name, () => {
      every((text) => {
        for (const line of screen(text)) {
          equal(notText(line), undefined, line)
          ok(!line.includes('\n'), 'a line in a line')
        }
      })
    })
  }
})

test('a notice is one line of JSON with the members it always has, and holds nothing shaped like a secret', () => {
  every((text) => {
    const about = {
      incident_id: 'inc-20261122-abcdef',
      simulated: false,
      tenant: text,
      client_id: 'app1',
      leak: 'client-secret',
      ticket: text,
    }
    const result = {status: 'contained', exposure: {all_clear: {worst_case_at: AT}}, next: [text]} as unknown as Parameters<
      typeof resultNotice
    >[1]
    for (const made of [watchNotice(about, event(text), AT), resultNotice(about, result, AT)]) {
      ok(made)
      const body = noticeText(made)
      equal(notText(body), undefined)
      ok(!body.includes('\n') && !looksLikeSecret(body))
      deepEqual(Object.keys(parseJsonOnce(body) as object), Object.keys(made))
    }
  })
})

test('in a Sigma rule it is one value of one selection', () => {
  const rule = HUNTS.find(({detections}) => JSON.stringify(detections).includes('suspect_addresses'))
  ok(rule)
  const documentsOf = (text: string) => parseAllDocuments(sigmaOf(rule, {suspect_addresses: new Set([text])}))
  const harmless = documentsOf(HARMLESS).length
  every((text) => {
    equal(notText(sigmaOf(rule, {suspect_addresses: new Set([text])})), undefined)
    const documents = documentsOf(text)
    equal(documents.length, harmless)
    const values = documents.flatMap((one) => {
      deepEqual(one.errors, [])
      const {detection = {}} = one.toJS() as {detection?: Record<string, Record<string, unknown> | string>}
      return Object.values(detection).flatMap((one) => (typeof one === 'object' ? Object.values(one).flat() : []))
    })
    ok(values.includes(text), 'it does not read back')
  })
})

test('each of the sinks was tried with each of at least 150 strings', (t) => {
  t.diagnostic(`${TEXTS.length} strings, ${checks} checks`)
  ok(TEXTS.length >= 150)
  ok(checks >= 14 * TEXTS.length, `${checks}`)
})
