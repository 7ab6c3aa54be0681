import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'

import type {Browser, Page} from 'playwright-core'

import {htmlReport} from '../../src/report/html/page.ts'
import {incidentReport} from '../../src/report/report.ts'
import {VIEWS} from '../../src/report/report-views.ts'
import {printable} from '../../src/untrusted.ts'
import {HOSTILE} from '../hostile/strings.ts'
import {accountOf, FULL, INC} from '../support/account.ts'
import {ROOT} from '../support/tree.ts'
import {newReader, open, watched} from './browser.ts'
import type {Checks} from './checks.ts'
import {longIncident} from './long-incident.ts'

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8')
const SCRIPT = readFileSync(path.join(ROOT, 'dist/page/report.js'), 'utf8')

/** What axe-core finds wrong, as lines. Evaluated by the browser's own tooling, so the page's policy does not hold it up. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = await page.evaluate<{id: string; nodes: {html: string}[]}[]>(
    "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then((r) => r.violations)",
  )
  return found.map((one) => `${one.id}: ${one.nodes[0]?.html.slice(0, 200)}`)
}

export async function reportChecks(
  checks: Checks,
  browser: Browser,
  files: Record<(typeof VIEWS)[number], string>,
): Promise<void> {
  for (const scheme of ['light', 'dark'] as const)
    for (const width of [1440, 390])
      for (const view of VIEWS) {
        const context = await newReader(browser, {width, scheme})
        const one = await watched(context)
        await open(one, files[view])
        const where = `${view}, ${scheme}, ${width}`
        checks.equal(await violations(one.page), [], `axe-core, ${where}`)
        const overflow = await one.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
        checks.equal(overflow, 0, `nothing wider than the screen, ${where}`)
        checks.equal(one.complaints, [], `no complaint, ${where}`)
        checks.ok(
          one.requests.every((url) => url.startsWith('file:')),
          `no request, ${where}`,
        )
        await context.close()
      }
  await links(checks, browser, files)
  await switches(checks, browser, files['war-room'])
  await countdownEnds(checks, browser, files['war-room'])
  for (const view of VIEWS) await claimsLead(checks, browser, files[view])
  await keyboard(checks, browser, files['war-room'])
  await firstScreen(checks, browser, files['war-room'])
  await printing(checks, browser, files)
  await withoutScript(checks, browser, files['war-room'])
  await hostile(checks, browser, path.dirname(files['war-room']))
  await long(checks, browser, path.dirname(files['war-room']))
}

async function links(checks: Checks, browser: Browser, files: Record<string, string>): Promise<void> {
  for (const file of Object.values(files)) {
    const context = await newReader(browser)
    const one = await watched(context)
    await open(one, file)
    const hrefs = await one.page.evaluate<string[]>(
      "[...new Set([...document.querySelectorAll('a[href]')].filter((a) => a.checkVisibility() || a.className === 'skip').map((a) => a.getAttribute('href')))]",
    )
    checks.ok(hrefs.length > 3, `${file} has links`)
    for (const href of hrefs) {
      checks.ok(href.startsWith('#'), `a link leads out: ${href}`)
      await one.page.evaluate(`document.querySelector('a[href="${href}"]').click()`)
      // the page reacts to the new address in a task of its own
      const seen = await one.page
        .waitForFunction(
          (id) =>
            (globalThis as unknown as {document: {getElementById(id: string): {checkVisibility(): boolean} | null}}).document
              .getElementById(id)
              ?.checkVisibility(),
          href.slice(1),
          {timeout: 2000},
        )
        .then(
          () => true,
          () => false,
        )
      checks.ok(seen, `${href} leads to something that is shown`)
    }
    checks.equal(one.complaints, [], 'no complaint while every link was used')
    await context.close()
  }
}

async function switches(checks: Checks, browser: Browser, file: string): Promise<void> {
  const context = await newReader(browser)
  const one = await watched(context)
  await open(one, file)
  const {page} = one
  const countdown = page.locator('[data-until]')
  const before = await countdown.textContent()
  await wait(1500)
  const after = await countdown.textContent()
  checks.ok(/^(\d+ d )?\d\d:\d\d:\d\d$/.test(before ?? '') && before !== after, `the countdown moves: ${before}, ${after}`)
  await page.locator('input[name=view]').first().focus()
  for (const view of ['auditor', 'partner', 'war-room']) {
    await page.keyboard.press('ArrowRight')
    checks.equal(await page.evaluate('document.body.dataset.view'), view, `the arrow key switches to ${view}`)
  }
  const personal = await page.locator('.p').allTextContents()
  checks.ok(personal.length > 3 && personal.includes('203.0.113.66'), 'the war room sees addresses')
  for (const view of ['auditor', 'partner']) {
    await page.getByRole('radio', {name: view}).check()
    const shown = await page.evaluate<string>('document.body.innerText')
    const left = personal.filter((text) => text.length > 6 && !text.startsWith('127.') && shown.includes(text))
    checks.equal(left, [], `the ${view} sees none of them`)
    checks.ok(shown.includes('leaves out:') && shown.includes(`--view ${view}`), `what the ${view} does not see is said`)
    checks.equal(await page.locator('#hunt').isVisible(), view === 'auditor', `the hunt, ${view}`)
    checks.equal(await violations(page), [], `axe-core after switching to ${view}`)
  }
  await page.getByRole('radio', {name: 'war room'}).check()
  checks.equal(await page.locator('.p').allTextContents(), personal, 'and back')
  const rows = () => page.locator('#course tbody tr:visible').count()
  const main = await rows()
  await page.locator('#rows').click()
  const all = await rows()
  checks.ok(all > main && main > 5, `all rows on demand: ${main}, ${all}`)
  await page.keyboard.press('Tab')
  checks.ok(await page.evaluate<boolean>("getComputedStyle(document.activeElement).outlineStyle !== 'none'"), 'focus is seen')
  const local = await page.locator('main time + .local').first().textContent()
  checks.ok(/\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Europe\/Berlin\)/.test(local ?? ''), `the reader's zone: ${local}`)
  checks.equal(one.complaints, [], 'no complaint while every switch was used')
  await context.close()
}

/** To the second before the all clear it counts; from then on it says that it is over, and never less than nothing. */
async function countdownEnds(checks: Checks, browser: Browser, file: string): Promise<void> {
  const context = await newReader(browser)
  const one = await watched(context)
  const until = /data-until="([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  await one.page.clock.install({time: Date.parse(until) - 90_061_000})
  await open(one, file)
  const says = async () => (await one.page.locator('[data-until]').textContent()) ?? ''
  checks.equal(await says(), '1 d 01:01:01', 'a day, an hour, a minute and a second before')
  await one.page.clock.fastForward(90_058_000)
  checks.ok(/^00:00:0[123]$/.test(await says()), `three seconds before: ${await says()}`)
  for (const ms of [3000, 1000, 3_600_000]) {
    await one.page.clock.fastForward(ms)
    checks.equal(await says(), 'the instant has passed: compute it again', `${ms} ms later`)
  }
  await context.close()
}

/** The Tab key: the first stop leads past everything, each is seen, and none is there for nothing. */
async function keyboard(checks: Checks, browser: Browser, file: string): Promise<void> {
  const context = await newReader(browser)
  const {page} = await watched(context).then(async (one) => (await open(one, file), one))
  await page.keyboard.press('Tab')
  checks.equal(await page.evaluate('document.activeElement.getAttribute("href")'), '#main', 'the first stop is the skip link')
  checks.ok(
    await page.evaluate<boolean>('document.activeElement.getBoundingClientRect().left >= 0'),
    'which is seen when it is reached',
  )
  await page.keyboard.press('Enter')
  for (let stop = 0; stop < 60; stop++) {
    await page.keyboard.press('Tab')
    const [inside, seen, idle, what] = await page.evaluate<[boolean, boolean, boolean, string]>(
      "(() => { const e = document.activeElement; return [!!e.closest('main') || e === document.body, e === document.body || (getComputedStyle(e).outlineStyle === 'solid' && parseFloat(getComputedStyle(e).outlineWidth) >= 2), e.matches('.wide') && e.scrollWidth <= e.clientWidth + 1, e.outerHTML.slice(0, 80)] })()",
    )
    checks.ok(inside && seen && !idle, `stop ${stop}: ${what}`)
  }
  await context.close()
}

/** Each claim of the first screen leads to its own row of proofs. */
async function claimsLead(checks: Checks, browser: Browser, file: string): Promise<void> {
  const context = await newReader(browser)
  const {page} = await watched(context).then(async (one) => (await open(one, file), one))
  const pairs = await page.evaluate<[string, string][]>(
    "[...document.querySelectorAll('.claims a[href^=\"#claim\"]')].map((a) => [a.ariaLabel.replace('proof that ', ''), document.querySelector(a.getAttribute('href'))?.textContent ?? ''])",
  )
  checks.ok(pairs.length > 2, 'claims have links')
  for (const [claim, row] of pairs) checks.ok(row.includes(claim), `${claim}: ${row.slice(0, 80)}`)
  await context.close()
}

/** Verdict, all clear, next act and gaps are seen without scrolling; on a phone they all are, folded, and unfold. */
async function firstScreen(checks: Checks, browser: Browser, file: string): Promise<void> {
  for (const [width, height] of [
    [1440, 900],
    [820, 1180],
    [390, 844],
    [360, 640],
  ] as const) {
    const context = await newReader(browser, {width, height})
    const one = await watched(context)
    await open(one, file)
    if (width < 700) {
      const box = await one.page.locator('.first').boundingBox()
      checks.ok(box !== null && box.y + box.height <= height, `all four parts are on the first screen at ${width}x${height}`)
      await one.page.locator('#h-gaps ~ details summary').click()
      checks.ok(await one.page.locator('#h-gaps ~ details li').first().isVisible(), `a tap unfolds at ${width}x${height}`)
    }
    if (width < 1000) {
      const wide = await one.page.evaluate<string[]>(
        "[...document.querySelectorAll('.wide')].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.ariaLabel)",
      )
      checks.equal(wide, [], `no table and no picture is scrolled sideways at ${width}x${height}`)
    }
    for (const id of ['h-verdict', 'h-clear', 'h-next', 'h-gaps']) {
      const box = await one.page.locator(`#${id}`).boundingBox()
      checks.ok(box !== null && box.y + box.height < height, `${id} is on the first screen at ${width}x${height}`)
    }
    await context.close()
  }
}

async function printing(checks: Checks, browser: Browser, files: Record<string, string>): Promise<void> {
  for (const [view, file] of Object.entries(files)) {
    const context = await newReader(browser)
    const one = await watched(context)
    await open(one, file)
    const wanted = await one.page.evaluate<string[]>(
      "[...document.querySelectorAll('main h1, main h2, main h3, main li, main p, main td, main dd')].filter((e) => !e.closest('[hidden], .screen, .lead, [data-until]') && e.children.length === 0).map((e) => e.textContent)",
    )
    const pdf = `${file}.pdf`
    writeFileSync(pdf, await one.page.pdf({format: 'A4', margin: {top: '12mm', bottom: '12mm', left: '12mm', right: '12mm'}}))
    const ran = spawnSync('pdftotext', ['-raw', pdf, '-'], {encoding: 'utf8', maxBuffer: 64 << 20})
    checks.equal(ran.status, 0, 'the PDF can be read')
    const squeeze = (text: string) => text.replaceAll(/[\s\u00ad-]+/g, '')
    const paper = squeeze(ran.stdout)
    const lost = [...new Set(wanted)].filter((text) => text.trim() !== '' && !paper.includes(squeeze(text)))
    checks.ok(
      wanted.length > 20 && lost.length === 0,
      `${view} on paper keeps all of ${wanted.length} texts; lost ${JSON.stringify(lost.slice(0, 5))}`,
    )
    await context.close()
  }
}

async function withoutScript(checks: Checks, browser: Browser, file: string): Promise<void> {
  const context = await browser.newContext({javaScriptEnabled: false})
  const one = await watched(context)
  await open(one, file)
  for (const text of ['CONTAINED', 'Not before', 'Course of events', 'What undoes it'.toLowerCase()])
    checks.ok((await one.page.locator(`text=${text}`).count()) > 0, `without a script the page says ${text}`)
  await context.close()
}

/** Every hostile string as a name, a finding and a note: it is there as text, and nothing of it runs. */
async function hostile(checks: Checks, browser: Browser, folder: string): Promise<void> {
  const texts = HOSTILE.map(({text}) => text.toWellFormed()).filter((text) => text !== '')
  const gaps = texts.map((what, i) => ({kind: 'gap', inc: INC, iseq: 100 + i, what, why: what}))
  const title = `"><img src=x onerror=alert(1)><script>alert(2)</script>`
  const account = accountOf([...FULL.slice(0, -1).map((one) => (one.kind === 'incident.open' ? {...one, title} : one)), ...gaps])
  const file = path.join(folder, 'hostile.html')
  writeFileSync(file, htmlReport(incidentReport(account), SCRIPT))
  const context = await newReader(browser)
  const one = await watched(context)
  await open(one, file)
  checks.equal(await one.page.locator('script').count(), 1, 'one script: ours')
  checks.equal(await one.page.locator('img, iframe, object, embed, link, form, base').count(), 0, 'no element of theirs')
  checks.equal(await one.page.locator('h1:visible').textContent(), title, 'a hostile title is text')
  const shown = new Set(
    // without what the page adds to an instant
    await one.page.evaluate<string[]>(
      "[...document.querySelectorAll('#h-gaps ~ details li')].map((li) => { const own = li.cloneNode(true); own.querySelectorAll('.local').forEach((e) => e.remove()); return own.textContent })",
    ),
  )
  const squeeze = (text: string) => text.replaceAll(/\s+/g, ' ')
  const lines = [...shown].map(squeeze)
  for (const text of texts)
    checks.ok(
      lines.some((line) => line.startsWith(squeeze(`${printable(text, 2000)}: `))),
      `as text: ${JSON.stringify(text.slice(0, 60))}`,
    )
  checks.equal(one.complaints, [], 'no dialog, no error')
  checks.ok(one.requests.length === 1, `no request of theirs: ${one.requests.length}`)
  await context.close()
}

/** Bounds: 2 s of script, 5 MB. */
async function long(checks: Checks, browser: Browser, folder: string): Promise<void> {
  const {records} = longIncident(10_000)
  const account = {...accountOf(FULL), records, state: {...accountOf(FULL).state}}
  const html = htmlReport(incidentReport(account), SCRIPT)
  const file = path.join(folder, 'long.html')
  writeFileSync(file, html)
  const seconds = await scriptSeconds(browser, file)
  checks.ok(Buffer.byteLength(html) < 5_000_000, `HTML of 10,000 records: ${Buffer.byteLength(html)} bytes`)
  checks.ok(seconds < 2, `script time of 10,000 records: ${seconds} s`)
  checks.say(`report of 10,000 records: ${(Buffer.byteLength(html) / 1e6).toFixed(2)} MB, ${seconds.toFixed(2)} s of script`)
}

/** An entry of Chromium's trace, microseconds; `tdur` by the clock of its thread. */
interface Traced {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly tdur?: number
}

/** What the browser calls running a script, whatever set it off. */
const SCRIPTS = /^(EvaluateScript|FunctionCall|RunMicrotasks)$/

/**
 * Seconds that scripts ran until the page was ready, by the browser's own trace and the clock of the thread: what else
 * the machine does meanwhile is not counted.
 */
export async function scriptSeconds(browser: Browser, file: string, ready?: (page: Page) => Promise<unknown>): Promise<number> {
  const context = await newReader(browser)
  const one = await watched(context)
  await browser.startTracing(one.page, {categories: ['devtools.timeline', 'v8']})
  await open(one, file)
  await ready?.(one.page)
  const {traceEvents} = JSON.parse((await browser.stopTracing()).toString('utf8')) as {traceEvents: Traced[]}
  await context.close()
  const ends = new Map<string, number>()
  let total = 0
  for (const {pid, tid, ts, dur = 0, tdur = 0} of traceEvents
    .filter(({name, ph}) => ph === 'X' && SCRIPTS.test(name))
    .toSorted((a, b) => a.ts - b.ts)) {
    const thread = `${pid} ${tid}`
    // what runs inside of another one is counted there
    if (ts < (ends.get(thread) ?? 0)) continue
    ends.set(thread, ts + dur)
    total += tdur
  }
  return total === 0 ? Infinity : total / 1e6
}
