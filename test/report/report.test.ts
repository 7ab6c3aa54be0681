import {deepEqual, doesNotMatch, equal, match, ok} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {describe, test} from 'node:test'

import {chatText, statusText, ticketText} from '../../src/report/forms.ts'
import {htmlReport} from '../../src/report/html/page.ts'
import {markdownReport} from '../../src/report/markdown.ts'
import {incidentReport, isNotKnown} from '../../src/report/report.ts'
import {VIEWS} from '../../src/report/report-views.ts'
import {HOSTILE} from '../hostile/strings.ts'
import {accountOf, FULL, INC, OPEN, SHA} from '../support/account.ts'
import type {Loose} from '../support/account.ts'
import {blob, hostileAccount, LOG, RICH, rich} from '../support/rich-account.ts'
import {problemsOf} from '../support/schemas.ts'

const SCRIPT = "document.title += ''\n"
describe('the report', () => {
  test('fits its schema after every record of an incident, in every view, with and without evidence', () => {
    for (let n = 2; n <= RICH.length; n++) {
      const loose = n === 2 ? [OPEN] : RICH.slice(0, n)
      for (const view of VIEWS) {
        deepEqual(
          problemsOf('incident-report', JSON.parse(JSON.stringify(incidentReport(accountOf(loose, {blob}), view)))),
          [],
          `${n} ${view}`,
        )
        deepEqual(
          problemsOf('incident-report', incidentReport(accountOf(loose, {blob: () => undefined}), view)),
          [],
          `${n} ${view}`,
        )
      }
    }
  })

  test('is a function of the trail and its evidence: every form has the same bytes twice', () => {
    const forms = [
      ticketText,
      chatText,
      statusText,
      markdownReport,
      (one: ReturnType<typeof incidentReport>) => htmlReport(one, SCRIPT),
    ]
    for (const form of forms)
      for (const view of VIEWS) equal(form(incidentReport(rich(), view)), form(incidentReport(rich(), view)))
  })

  test('what other rooms have not found out is not known, and says why', () => {
    const {hunt, consumers, paths, watch, times} = incidentReport(accountOf([OPEN]))
    for (const one of [hunt, consumers, paths, watch]) ok(isNotKnown(one) && one.not_known.startsWith('not known, because'))
    ok(times.clocks.items.every((one) => one.basis.length > 10) && times.clocks.note.startsWith('not legal advice'))
    ok(times.moments.every((one) => one.at !== undefined || one.not_known?.startsWith('not known, because')))
  })

  test('each row of the course names a record that is there or an entry of the log that is there', () => {
    const account = rich()
    const seqs = new Set(account.records.map((one) => one.seq))
    const ids = new Set(LOG.map((one) => one.log_id))
    const {rows} = incidentReport(account).course
    equal(rows.filter((one) => 'record' in one.source).length, account.records.length)
    for (const {source} of rows) ok('record' in source ? seqs.has(source.record) : ids.has(source.log_id))
    deepEqual(
      rows.filter((one) => 'log_id' in one.source).map((one) => [one.lane, one.verdict]),
      [
        ['holder', 'hostile'],
        ['refused', undefined],
      ],
      'entries of other clients are not in it',
    )
    deepEqual(
      rows.map((one) => one.at),
      rows.map((one) => one.at).toSorted(),
    )
  })

  test('claims lead to their proofs and acts to their undo', () => {
    const account = rich()
    const report = incidentReport(account)
    for (const one of report.claims) equal(account.records[one.record ?? -1]?.['action'], `verify.${one.claim}`)
    deepEqual(
      report.claims.map((one) => one.word),
      ['stopped'],
    )
    deepEqual(
      report.acts?.map((one) => [one.action, one.result, one.undo]),
      [['client_secret.rotate', 'done', 'not said']],
    )
  })

  test('a proof that failed is neither stopped nor proven, in any form', () => {
    const failed = FULL.map((one) => (one['verdict'] === undefined ? one : {...one, verdict: 'failed'}))
    const report = incidentReport(accountOf(failed, {blob}))
    deepEqual(
      report.claims.map((one) => one.word),
      ['FAILED'],
    )
    match(chatText(report), /^NOT proven: the old secret is refused$/m)
    match(ticketText(report), /^ {2}FAILED: the old secret is refused/m)
  })
})

describe('the views', () => {
  const PERSONAL = [
    'alice',
    'bob',
    '203.0.113.77',
    '2001:db8::77',
    '198.51.100.20',
    '203.0.113.9',
    'victor',
    'corp.example',
    'mallory',
    'Quentin',
    'Smith',
    'vault',
  ]
  const OTHERS = ['NeighbourClient', 'H5', '900-1', 't13d1516h2', 'a repository', 'A leak', SHA('a'), 'stanch.local/x']

  const forms = (view: (typeof VIEWS)[number]) => {
    const report = incidentReport(rich(), view)
    return [
      JSON.stringify(report),
      markdownReport(report),
      ticketText(report),
      chatText(report),
      statusText(report),
      // the page without the hashes of its policy, in which any two letters may stand
      htmlReport(report, SCRIPT).replaceAll(/sha256-[A-Za-z0-9+/]{43}=/g, ''),
    ]
  }

  test("the war room's holds all of it, so that what the others lack is shown by their lack", () => {
    const text = forms('war-room').join('\n')
    for (const one of [...PERSONAL, ...OTHERS]) ok(text.includes(one), one)
  })

  test("the auditor's holds no personal data, and the same value has the same label", () => {
    const report = incidentReport(rich(), 'auditor')
    for (const text of forms('auditor'))
      for (const one of PERSONAL)
        ok(!text.includes(one), `${one} in ${text.slice(Math.max(0, text.indexOf(one) - 60), text.indexOf(one) + 40)}`)
    const {hunt, course} = report
    ok(hunt && !isNotKnown(hunt))
    const [finding] = hunt.findings
    match(finding?.ip ?? '', /^\[ip \d+\]$/)
    equal(hunt.suspects['ips']?.[0], finding?.ip)
    ok(finding?.what.includes(finding.ip ?? '?'))
    equal(course.rows.find((one) => one.lane === 'holder')?.ip, finding?.ip)
    ok(report.left_out.length > 0)
  })

  test("the partner's holds neither that nor anything of others, and tells what to do", () => {
    for (const text of forms('partner'))
      for (const one of [...PERSONAL, ...OTHERS])
        ok(!text.includes(one), `${one} in ${text.slice(Math.max(0, text.indexOf(one) - 60), text.indexOf(one) + 40)}`)
    const report = incidentReport(rich(), 'partner')
    ok(
      !/"record"|#r\d|record&nbsp;|record \d/.test([JSON.stringify(report), ...forms('partner')].join('\n')),
      'no number of a record that he does not get',
    )
    ok(report.next.some((one) => one.includes('deploy the new client secret')))
    ok(report.claims.length > 0 && report.all_clear.worst_case_at !== undefined)
  })

  test('an address, an account and a user id are found in free words, times and versions are left', () => {
    const title = 'alice saw auth0|5f7c8ec7 and 2001:db8:0:1:2:3:4:5, ::1 and x@y.example at 10:11:12 with v1.2.3'
    const {title: blinded} = incidentReport(accountOf([{...OPEN, title}]), 'auditor')
    const ended = incidentReport(
      accountOf([{...OPEN, title: '203.0.113.8: seen, 203.0.113.8. And 203.0.113.8-203.0.113.9'}]),
      'auditor',
    )
    equal(ended.title, '[ip 1]: seen, [ip 1]. And [ip 1]-[ip 2]')
    match(blinded ?? '', /^\[person \d\] saw \[person \d\] and \[ip 1\], \[ip 2\] and \[e-mail 1\] at 10:11:12 with v1\.2\.3$/)
  })
})

describe('what a path of a request holds', () => {
  test('a user id and an address are found there too, with the label of their plain form', () => {
    const title =
      'GET /api/v2/users/auth0%7C5f7c8ec7/roles, auth0|5f7c8ec7, /api/v2/users-by-email?email=x%40y.example&page=0, x@y.example'
    equal(
      incidentReport(accountOf([{...OPEN, title}]), 'auditor').title,
      'GET /api/v2/users/[person 1]/roles, [person 1], /api/v2/users-by-email?email=[e-mail 1]&page=0, [e-mail 1]',
    )
    const page = htmlReport(incidentReport(accountOf([OPEN, {kind: 'gap', inc: INC, iseq: 1, what: title, why: title}])), SCRIPT)
    match(page, /<span class="p">auth0%7C5f7c8ec7<\/span>\/roles/)
  })

  test("the user agent of a consumer is a label in the auditor's view, in its field and in sentences", () => {
    const agent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)'
    const swapped = (sha256: string) =>
      blob(sha256)?.replaceAll(/"user_agent":"node"|reads without secrets|curl 8/g, (found) =>
        found.startsWith('"') ? `"user_agent":"${agent}"` : found === 'curl 8' ? agent : `seen with ${agent}`,
      )
    const account = accountOf(RICH, {blob: swapped})
    const text = JSON.stringify(incidentReport(account, 'auditor'))
    ok(JSON.stringify(incidentReport(account)).includes('iPhone'))
    ok(
      htmlReport(incidentReport(account), SCRIPT).includes(`<span class="p">${agent}</span>`),
      'the switch of the page hides it too',
    )
    ok(!text.includes('iPhone') && text.includes('seen with [agent 1]') && text.includes('"user_agent":"[agent 1]"'))
  })
})

describe('on the first screen', () => {
  test('a hunt that found something is said beside the verdict, and what it left behind is a next act until it is signed off', () => {
    const done = {kind: 'decision', inc: INC, iseq: 95, question: 'hunt.H5:user:x', answer: 'done', actor: 'alice@host'}
    const live = RICH.filter((one) => one.kind !== 'incident.close')
    const open = incidentReport(accountOf(live, {blob}))
    const act = `remove what the hunt found, 1 left: stanch hunt --incident ${INC}`
    ok(open.next.includes(act), JSON.stringify(open.next))
    ok(!incidentReport(accountOf([...live, done], {blob})).next.includes(act))
    const first = (report: typeof open) => htmlReport(report, SCRIPT).replace(/<nav[^]*/, '')
    match(
      first(open),
      /<li data-for="war-room auditor"><b class="bad">found<\/b> 1 hostile and 0 suspect acts, 1 left behind <a href="#hunt"/,
    )
    ok(!first(incidentReport(accountOf(live, {blob}), 'partner')).includes('hostile'))
    match(chatText(open), /^Found: 1 hostile and 0 suspect acts, 1 left behind$/m)
    ok(!chatText(incidentReport(accountOf(live, {blob}), 'partner')).includes('hostile'))
  })

  test('while an API still gives tokens no all clear is counted down to, drawn or promised, in any form', () => {
    const leaking = (sha256: string) =>
      blob(sha256)
        ?.replaceAll(/"contained_at":"[^"]*",?/g, '')
        .replace('"state":"clear"', '"state":"open"')
    const live = RICH.filter((one) => one.kind !== 'incident.close')
    const report = incidentReport(accountOf(live, {blob: leaking}))
    equal(report.all_clear.moves, true)
    equal(report.course.window.until, undefined)
    const page = htmlReport(report, SCRIPT)
    ok(!page.includes('data-until="') && page.includes('not fixed yet') && !/class="edge"[^>]*>all clear</.test(page))
    match(chatText(report), /^All clear: NOT CONTAINED/m)
    match(ticketText(report), /^All clear: NOT CONTAINED/m)
    match(markdownReport(report), /NOT CONTAINED, so it is not fixed yet/)
    ok(report.next.some((one) => one.startsWith('all clear not fixed before it is contained')))
    ok(incidentReport(accountOf(live, {blob: leaking}), 'partner').next.some((one) => one.startsWith('until the responders say')))
    const contained = incidentReport(accountOf(live, {blob}))
    equal(contained.all_clear.moves, undefined)
    ok(htmlReport(contained, SCRIPT).includes('data-until="'))
  })

  test('a name that somebody else chose is bounded at its head, and nothing looked at is not called no gap', () => {
    const head = (page: string) => /<header>([^]*?)<\/header>/.exec(page)?.[1] ?? ''
    const long = 'n'.repeat(1500)
    const shown = head(htmlReport(incidentReport(hostileAccount(long)), SCRIPT))
    ok(shown.includes('nnn') && shown.length < 1500, `${shown.length}`)
    const nothing = htmlReport(incidentReport(accountOf([OPEN])), SCRIPT)
    ok(!nothing.includes('No evidence gap was recorded') && nothing.includes('no exposure was computed'))
    ok(!nothing.includes('<h3>The response'), 'the same picture is not drawn twice')
  })

  test('a partner gets no column of records, no clocks of the responders and no picture without a mark', () => {
    const page = htmlReport(incidentReport(rich(), 'partner'), SCRIPT)
    ok(!/data-th="(?:proof|source)"|Reporting clocks|<h3>The response/.test(page))
    ok(
      !/,\s*\./.test(page.slice(page.indexOf('<body')).replaceAll(/<[^>]*>/g, '')),
      'nothing stands where the number of a record would',
    )
    const own = htmlReport(incidentReport(rich()), SCRIPT)
    for (const one of ['data-th="proof"', 'data-th="source"', 'Reporting clocks', '<h3>The response']) ok(own.includes(one), one)
  })

  test('a command in a next act stands apart; one in text that somebody else chose does not', () => {
    const page = htmlReport(incidentReport(accountOf([OPEN])), SCRIPT)
    match(page, /<code class="cmd"><span>stanch<\/span> <span>incident<\/span> <span>update<\/span>/)
    const evil = htmlReport(incidentReport(hostileAccount('run this: stanch secret rotate --client EVIL')), SCRIPT)
    ok(evil.includes('EVIL') && !/<code class="cmd">(?:(?!<\/code>).)*EVIL/.test(evil))
  })

  test('of tokens issued one after the other to one address the first and the last are main rows', () => {
    const tokens = [0, 1, 2, 3].map((n) => ({
      issued_at: `2026-11-22T02:0${n}:00Z`,
      expires_at: `2026-11-23T02:0${n}:00Z`,
      log_id: `901-${n}`,
      ip: '203.0.113.77',
    }))
    const many = (sha256: string) => {
      const text = blob(sha256)
      if (text?.includes('"findings"'))
        return text.replaceAll('"log_ids":["900-1"]', '"log_ids":["900-1","901-0","901-1","901-2","901-3"]')
      return text?.includes('"audiences":[{"audience"')
        ? text.replace(/"tokens":\[[^\]]*\]/, `"tokens":${JSON.stringify(tokens)}`)
        : text
    }
    const rows = incidentReport(accountOf(RICH, {blob: many})).course.rows.filter((one) => one.lane === 'issued')
    deepEqual(
      rows.map((one) => one.main),
      [true, false, false, true],
    )
  })
})

describe('the short forms', () => {
  test('a chat message has at most ten lines whatever happened', () => {
    for (let n = 2; n <= RICH.length; n++) {
      const lines = chatText(incidentReport(accountOf(n === 2 ? [OPEN] : RICH.slice(0, n), {blob})))
        .trimEnd()
        .split('\n')
      ok(lines.length <= 10 && lines.every((line) => line.length < 400), `${n}: ${lines.length}`)
    }
  })

  test('a status sentence is one sentence, names nobody, and claims nothing before it is proven', () => {
    const before = statusText(incidentReport(accountOf([OPEN])))
    match(before, /^We are investigating [^.]*\.\n$/)
    const after = statusText(incidentReport(rich()))
    match(after, /^An access credential of ours was exposed; [^.]*\.\n$/)
    for (const name of ['AbC', 'billing', 't.example', 'alice', INC]) ok(!after.includes(name) && !before.includes(name))
    match(statusText(incidentReport({...rich(), mode: 'sim'})), /^SIMULATED, a drill: /)
  })
})

describe('the page', () => {
  test('its policy allows its own style and script by their hashes and nothing else', () => {
    const page = htmlReport(incidentReport(rich()), SCRIPT)
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
    const said = policy.replaceAll('&#39;', "'")
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page) ?? []
    const source = (text: string) => `'sha256-${hash('sha256', text, 'base64')}'`
    equal(
      said,
      `default-src 'none'; script-src ${source(SCRIPT)}; style-src ${source(style)}; base-uri 'none'; form-action 'none'`,
    )
    ok(
      !/\son[a-z]+=|\sstyle=|javascript:|<link|<img|<iframe|src=|https?:\/\/(?!api\.example|t\.example)/i.test(
        page.replace(style, ''),
      ),
    )
  })

  test('hostile text makes no element, no attribute and no script, wherever it stands', () => {
    const shape = (page: string) =>
      [...page.matchAll(/<\/?([a-zA-Z!][^\s/>]*)(?:\s+[a-zA-Z-]+(?:="[^"]*")?)*\s*\/?>/g)].map((one) => one[1]).join(' ')
    const pageOf = (text: string) => htmlReport(incidentReport(hostileAccount(text)), SCRIPT)
    const benign = shape(pageOf('plain'))
    for (const {text} of HOSTILE) {
      if (text === '') continue
      const page = pageOf(text.toWellFormed())
      // oxlint-disable-next-line no-control-regex -- these are what must not be there
      ok(!/[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(page), JSON.stringify(text))
      // what looks like an address is wrapped so that it can be hidden
      equal(shape(page).replaceAll(/ span span/g, ''), benign.replaceAll(/ span span/g, ''), JSON.stringify(text.slice(0, 80)))
    }
  })

  test("the picture tells the attacker's acts from other calls by the hunt, and only by it", () => {
    match(htmlReport(incidentReport(rich()), SCRIPT), />the attacker&#39;s acts</)
    const nobody = htmlReport(incidentReport(accountOf(FULL, {blob})), SCRIPT)
    doesNotMatch(nobody, />the attacker&#39;s acts</)
    match(nobody, />other calls with it</)
  })

  test('a full text, a long incident: 10,000 records stay below 5 MB', () => {
    const probe = (n: number): Loose => ({
      kind: 'observe',
      inc: INC,
      iseq: n,
      action: 'verify.new_tokens_refused',
      target: 'api:https://api.example/',
      finding: '4 well-formed refusals in a row, the last 47 s after the change; last answer 403 access_denied',
      verdict: 'proven',
      count: 4,
      first_at: '2026-11-22T05:54:34Z',
      last_at: '2026-11-22T05:55:21Z',
    })
    const account = accountOf([OPEN, ...Array.from({length: 10_000}, (_, n) => probe(n + 1))])
    const page = htmlReport(
      incidentReport({...account, records: account.records.map((one) => ({...one, time: '2026-11-22T05:55:21.000Z'}))}),
      SCRIPT,
    )
    ok(page.length < 5_000_000, `${page.length}`)
    equal([...page.matchAll(/<tr id="r\d+"/g)].length, account.records.length)
  })
})
