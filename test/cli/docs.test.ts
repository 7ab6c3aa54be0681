import {deepEqual, equal, ok} from 'node:assert/strict'
import {existsSync, readFileSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'
import {CARD_PAGE, cheatCardPage} from '../support/cheat-card.ts'
import {commandLines, faultOf} from '../support/doc-commands.ts'
import {FAQ_PAGE, faqPage} from '../support/faq-page.ts'
import {ROOT} from '../support/tree.ts'

interface ManifestCommand {
  readonly id: string
  readonly hidden?: boolean
  readonly summary?: string
  readonly examples?: readonly (string | {readonly description?: string; readonly command: string})[]
}

const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, ManifestCommand>}
const DOCS = `${ROOT}.github/docs`
const PAGES = [
  'README.md',
  '.github/SECURITY.md',
  ...readdirSync(DOCS, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.md'))
    .map((name) => `.github/docs/${name.replaceAll(path.sep, '/')}`),
  ...readdirSync(`${ROOT}runbooks`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `runbooks/${name}`),
].sort()

const read = (page: string) => readFileSync(`${ROOT}${page}`, 'utf8')

describe('what is written', () => {
  test('shows only command lines that the manifest knows, with flags and values that exist', () => {
    const faults: string[] = []
    let seen = 0
    for (const page of PAGES) {
      for (const line of commandLines(read(page))) {
        seen += 1
        const fault = faultOf(line)
        if (fault !== undefined) faults.push(`${page}: ${line}: ${fault}`)
      }
    }
    deepEqual(faults, [])
    ok(seen >= 120, `${seen} command lines seen`)
  })

  test('links to files that are there', () => {
    for (const page of PAGES)
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
        ok(existsSync(path.resolve(ROOT, path.dirname(page), target)), `${page} links to ${target}`)
  })

  test('has a page for each of the fourteen journeys: what, commands, when it is done', () => {
    const pages = PAGES.filter((page) => /\/J\d\d-/.test(page))
    deepEqual(
      pages.map((page) => /J(\d\d)-/.exec(page)?.[1]),
      Array.from({length: 14}, (_, i) => String(i + 1).padStart(2, '0')),
    )
    const index = read('.github/docs/journeys/README.md')
    for (const page of pages) {
      const text = read(page)
      ok(commandLines(text).length >= 2, page)
      ok(/^Done when: /m.test(text), page)
      ok(index.includes(`(${path.basename(page)})`), `${page} is not in the index`)
      ok(text.split('\n').length <= 72, `${page} is not short`)
      ok(/^Before: /m.test(text), `${page} does not say what is needed`)
      const prose = text.replaceAll(/^ *```sh$[^]*?^ *```$/gm, '')
      for (const [word] of commandLines(text)
        .join(' ')
        .matchAll(/(?<=[ :.=-])[A-Z][A-Z_]{3,}\b/g))
        ok(prose.includes(word) || index.includes(`| ${word} |`), `${page} does not say what ${word} is`)
    }
  })

  test('its questions and answers are those of stanch faq', () => {
    equal(readFileSync(FAQ_PAGE, 'utf8'), faqPage(), 'run: node test/support/faq-page.ts --write')
  })

  test('every transcript in the README stands in a block that is generated from a run', () => {
    const README = read('README.md')
    const outside = README.replaceAll(/<!-- transcript: (\w+) -->[^]*?<!-- \/transcript -->/g, '')
    ok(outside.length < README.length)
    ok(!/^```(text|console)?$/m.test(outside.replaceAll(/^```sh$[^]*?^```$/gm, '')), 'a block that no run made')
  })

  test('its cheat card has the exit codes of the README and fits a page', () => {
    const card = read('.github/docs/cheat-card.md')
    const codes = (text: string) => [...text.matchAll(/^\| (\d+) \|/gm)].map((one) => one[1])
    deepEqual(codes(card), codes(read('README.md').split('## Exit codes')[1] ?? ''))
    ok(card.split('\n').length <= 66)
    equal(readFileSync(CARD_PAGE, 'utf8'), cheatCardPage(card), 'run: node test/support/cheat-card.ts --write')
    for (const word of ['stopped', 'not proven', 'lives until', 'revoked', 'in doubt', 'all clear'])
      ok(card.includes(`| ${word}`), word)
  })
})

describe('help', () => {
  test('of every command has two examples that can be typed, each with what it is for', () => {
    const faults: string[] = []
    for (const {id, hidden, examples = []} of Object.values(commands)) {
      if (hidden === true) continue
      if (examples.length < 2) faults.push(`${id}: ${examples.length} example(s)`)
      for (const example of examples) {
        if (typeof example === 'string' || !example.description) {
          faults.push(`${id}: an example without a description`)
          continue
        }
        const line = example.command
          .replaceAll('<%= config.bin %>', 'stanch')
          .replaceAll('<%= command.id %>', id.replaceAll(':', ' '))
        for (const [typed] of line.matchAll(/\bstanch [^|;&]*/g)) {
          const fault = faultOf(typed.trim())
          if (fault !== undefined) faults.push(`${id}: ${typed}: ${fault}`)
        }
      }
    }
    deepEqual(faults, [])
    ok(Object.keys(commands).length > 40)
  })
})

describe('the check of command lines', () => {
  test('finds an unknown command, flag, value, a missing value and a word too many', () => {
    for (const line of [
      'stanch nonsense',
      'stanch grant everything',
      'stanch grant lists --client X',
      'stanch grant list --clint X',
      'stanch report ID --format pdf',
      'stanch exposure --client',
      'stanch incident show A B',
      'stanch respond --secret X',
    ])
      ok(faultOf(line) !== undefined, line)
    for (const line of [
      'stanch',
      'stanch --help',
      'stanch grant --help',
      'stanch grant list --client X --json',
      'stanch report ID --format html -o FILE',
      'stanch token inspect | head',
    ])
      equal(faultOf(line), undefined, line)
  })

  test('sees shell blocks and inline code, continued lines, and nothing else', () => {
    const text =
      'a `stanch doctor` b `stanchion`\n\n```sh\n$ npx stanch grant list \\\n  --client X\necho stanch\n```\n\n```text\nstanch out\n```\n'
    deepEqual(commandLines(text), ['stanch doctor', 'stanch grant list --client X'])
  })
})
