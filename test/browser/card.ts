import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {CARD, CARD_PAGE} from '../support/cheat-card.ts'
import {newReader, open, startBrowser, watched} from './browser.ts'
import {Checks} from './checks.ts'

/* The cheat card prints on one sheet, A4 or Letter, with every word that it has. PICTURE names a file for an image of it. */

const checks = new Checks()
const work = mkdtempSync(path.join(tmpdir(), 'stanch-card-'))
const browser = await startBrowser()
try {
  const one = await watched(await newReader(browser))
  await open(one, CARD_PAGE)
  for (const format of ['A4', 'Letter'] as const) {
    const pdf = path.join(work, `${format}.pdf`)
    writeFileSync(
      pdf,
      await one.page.pdf({
        format,
        preferCSSPageSize: false,
        printBackground: true,
        margin: {top: '10mm', bottom: '10mm', left: '13mm', right: '13mm'},
      }),
    )
    const info = spawnSync('pdfinfo', [pdf], {encoding: 'utf8'}).stdout
    checks.equal(/^Pages: +(\d+)$/m.exec(info)?.[1], '1', `${format}: sheets`)
    const text = spawnSync('pdftotext', ['-raw', pdf, '-'], {encoding: 'utf8'}).stdout
    const said = text.replaceAll(/\s+/g, '')
    const words = readFileSync(CARD, 'utf8')
      .replaceAll(/[`|#]|---/g, ' ')
      .split(/\s+/)
      .filter(Boolean)
    checks.ok(words.length > 300, `${format}: the card has words`)
    checks.equal(
      words.filter((word) => !said.includes(word)),
      [],
      `${format}: words that are not on the sheet`,
    )
    const [, width = '0', height = '0'] = /^Page size: +([\d.]+) x ([\d.]+)/m.exec(info) ?? []
    checks.say(`${format}: one sheet of ${width} x ${height} pt`)
    const picture = process.env['PICTURE']
    if (picture !== undefined) spawnSync('pdftoppm', ['-png', '-r', '80', '-singlefile', pdf, `${picture}-${format}`])
  }
  checks.equal(one.requests.length, 1, 'the card asks for nothing but itself')
  checks.equal(one.complaints, [], 'nothing is complained about')
} finally {
  await browser.close()
  rmSync(work, {recursive: true, force: true})
}
process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`)
process.exitCode = checks.failed === 0 ? 0 : 1
