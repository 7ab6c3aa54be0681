import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {VIEWS} from '../../src/report/report-views.ts'
import {ROOT} from '../support/tree.ts'
import {newReader, open, startBrowser, watched} from './browser.ts'
import {Checks} from './checks.ts'
import {evidenceChecks} from './evidence-checks.ts'
import {layoutChecks} from './layout-checks.ts'
import {reportChecks} from './report-checks.ts'

/*
 * What people look at, in a real browser: the pages of a drill, opened from the disk. Needs Chromium and pdftotext, and
 * the built program in dist/. SCREENSHOTS names a folder for pictures at three sizes, in light and dark.
 */

const SIZES = [
  [1440, 900],
  [820, 1180],
  [390, 844],
  [360, 640],
] as const

const work = mkdtempSync(path.join(tmpdir(), 'stanch-browser-'))
const checks = new Checks()
const env = {
  ...process.env,
  STANCH_DATA_DIR: path.join(work, 'data'),
  STANCH_CONFIG_DIR: path.join(work, 'config'),
  STANCH_CACHE_DIR: path.join(work, 'cache'),
}

function stanch(...argv: string[]): string {
  const ran = spawnSync(process.execPath, [path.join(ROOT, 'dist/main.js'), ...argv], {cwd: work, env, encoding: 'utf8'})
  checks.equal(ran.status, 0, `stanch ${argv.join(' ')} ${ran.status === 0 ? '' : ran.stderr.slice(-400)}`)
  return ran.stdout
}

const browser = await startBrowser()
try {
  const {incident_id: id} = JSON.parse(stanch('drill', '--yes', '--json')) as {incident_id: string}
  const files = Object.fromEntries(VIEWS.map((view) => [view, path.join(work, `${view}.html`)])) as Record<
    (typeof VIEWS)[number],
    string
  >
  for (const view of VIEWS) stanch('report', id, '--format', 'html', '--view', view, '-o', files[view])
  const bundle = path.join(work, 'bundle')
  stanch('bundle', id, '-o', bundle)
  // an attacker who stays: a page with findings, and a score card
  const [found, score] = ['found', 'score'].map((name) => path.join(work, `${name}.html`)) as [string, string]
  const story = JSON.parse(stanch('drill', 'secret-in-repository', '--yes', '--json', '--report', score)) as {incident_id: string}
  stanch('report', story.incident_id, '--format', 'html', '-o', found)
  await screenshots({...files, found, score, evidence: path.join(bundle, 'evidence.html')})
  await layoutChecks(checks, browser, {...files, found, score, evidence: path.join(bundle, 'evidence.html')})
  await reportChecks(checks, browser, files)
  await evidenceChecks(checks, browser, bundle, work)
} finally {
  await browser.close()
  if (existsSync(work)) rmSync(work, {recursive: true, force: true})
}
process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`)
process.exitCode = checks.failed === 0 ? 0 : 1

async function screenshots(pages: Readonly<Record<string, string>>): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder === undefined) return
  mkdirSync(folder, {recursive: true})
  for (const [name, file] of Object.entries(pages))
    for (const [width, height] of SIZES)
      for (const scheme of ['light', 'dark'] as const) {
        const context = await newReader(browser, {width, height, scheme})
        const one = await watched(context)
        await open(one, file)
        await one.page.waitForTimeout(300)
        await one.page.screenshot({path: path.join(folder, `${name}-${width}x${height}-${scheme}.png`)})
        if (scheme === 'light') await one.page.screenshot({path: path.join(folder, `${name}-${width}-whole.png`), fullPage: true})
        await context.close()
      }
  checks.say(`screenshots: ${readdirSync(folder).length} in ${folder}`)
}
