import path from 'node:path'

import type {Browser, Page} from 'playwright-core'

import {newReader, open, watched} from './browser.ts'
import type {Checks} from './checks.ts'
import {violations} from './report-checks.ts'

/** What a designer would call careless, as lines: evaluated in a page that is laid out. */
const FAULTS = `(() => {
  const seen = (e) => e.checkVisibility({visibilityProperty: true})
  const name = (e) => (e.closest('section[id]')?.id ?? e.tagName) + ': ' + e.textContent.trim().slice(0, 40)
  const found = []
  // an instant, a verdict, a number of a record are read in one piece
  for (const e of document.querySelectorAll('main time, main .nb, td b, td > a:only-child'))
    if (seen(e) && e.getClientRects().length > 1) found.push('broken ' + name(e))
  for (const e of document.querySelectorAll('.wide'))
    if (seen(e) && e.scrollWidth > e.clientWidth + 1) found.push('sideways ' + e.ariaLabel)
  for (const e of document.querySelectorAll('main table td[data-th]')) {
    const style = getComputedStyle(e, '::before')
    if (seen(e) && style.position === 'absolute') {
      const probe = document.createElement('span')
      Object.assign(probe.style, {position: 'absolute', whiteSpace: 'nowrap', fontSize: style.fontSize})
      probe.textContent = e.dataset.th
      document.body.append(probe)
      if (probe.offsetWidth > parseFloat(getComputedStyle(e).paddingLeft)) found.push('label over its value: ' + e.dataset.th)
      probe.remove()
    }
  }
  for (const svg of document.querySelectorAll('svg')) {
    if (!seen(svg)) continue
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    const texts = [...svg.querySelectorAll('text')].map((e) => ({e, box: e.getBoundingClientRect(), size: parseFloat(getComputedStyle(e).fontSize) * scale}))
    for (const {e, size} of texts) if (size < 8) found.push('too small, ' + size.toFixed(1) + ' px: ' + e.textContent)
    // the box of a letter is taller than its ink: a quarter of it is room
    texts.forEach((one, i) => texts.slice(i + 1).forEach((other) => {
      const [a, b] = [one.box, other.box]
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left)
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
      if (across > 0.5 && down > Math.min(a.height, b.height) / 4) found.push('on one another: ' + one.e.textContent + ', ' + other.e.textContent)
    }))
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (wide > 0) found.push('wider than the screen by ' + wide)
  return [...new Set(found)].slice(0, 8)
})()`

/** WCAG 2.2, 1.4.12: what a reader may set, and nothing may be lost. */
const SPACING = `(() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}')
  document.adoptedStyleSheets.push(sheet)
})()`

/** Text that its own box cuts off. */
const CLIPPED = `[...document.querySelectorAll('main *')].filter((e) => e.checkVisibility() && !e.closest('svg, .wide, thead') && e.clientWidth > 0 &&
  getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent.slice(0, 40))`

export async function layoutChecks(checks: Checks, browser: Browser, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, file] of Object.entries(files)) {
    for (const width of [320, 360, 390, 600, 704, 706, 820, 1058, 1151, 1154, 1280]) {
      const context = await newReader(browser, {width, height: 900})
      const {page} = await opened(context, file)
      checks.equal(await page.evaluate(FAULTS), [], `${name} at ${width}`)
      if (width === 390 || width === 1280) checks.equal(await violations(page), [], `axe-core, ${name} at ${width}`)
      if (width === 320 || width === 1280) {
        await page.evaluate(SPACING)
        checks.equal(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
          0,
          `${name} at ${width} with wider spacing`,
        )
        checks.equal(await page.evaluate(CLIPPED), [], `${name} at ${width} with wider spacing: nothing is cut off`)
      }
      await context.close()
    }
    // A4 between margins of 12 mm
    const context = await newReader(browser, {width: 703, height: 1000})
    const {page} = await opened(context, file)
    await page.emulateMedia({media: 'print'})
    checks.equal(await page.evaluate(FAULTS), [], `${name} on paper`)
    await page.emulateMedia({media: 'screen', forcedColors: 'active'})
    checks.equal(
      await page.evaluate(
        "[...new Set([...document.querySelectorAll('svg text, main b, main .soft')].map((e) => getComputedStyle(e)[e.closest('svg') ? 'fill' : 'color']))].length",
      ),
      (await page.locator('svg').count()) > 0
        ? 1
        : await page.evaluate("Math.min(1, document.querySelectorAll('main b, main .soft').length)"),
      `${name}: in forced colors all text has the reader's own`,
    )
    await page.emulateMedia({forcedColors: 'none', reducedMotion: 'reduce'})
    checks.equal(
      await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior'),
      'auto',
      `${name}: nothing moves for who wants no motion`,
    )
    await context.close()
  }
}

async function opened(context: Awaited<ReturnType<typeof newReader>>, file: string): Promise<{page: Page}> {
  const one = await watched(context)
  await open(one, path.resolve(file))
  if (file.endsWith('evidence.html')) await one.page.waitForSelector('body[data-verdict]')
  return one
}
