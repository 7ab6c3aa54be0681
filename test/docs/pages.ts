import {deepEqual, equal, ok} from 'node:assert/strict'
import {readFileSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {after, before, describe, test} from 'node:test'

import {commandOf, shownCommands} from '../support/doc-commands.ts'
import {ROOT} from '../support/tree.ts'
import {SCRIPTS} from './scripts.ts'
import {Stage, commonValues} from './stage.ts'

/*
 * Every `stanch ...` that a page shows is typed into a shell, page by page and in the order of the page, on a machine of its
 * own with an embedded tenant in which that leaked what the page is about. The exit status must be the one that the page
 * says, else 0, and what the page says one sees must be seen. A bare name of a command in the running text is asked for its
 * help. Takes some minutes; `PAGE=J08` takes the pages with that in their name.
 */

const counted = {typed: 0, help: 0}
const notRun: string[] = []
const only = process.env['PAGE'] ?? ''

for (const [page, script] of Object.entries(SCRIPTS).filter(([name]) => name.includes(only))) {
  describe(page, () => {
    let stage: Stage
    const open = async () => {
      stage = await Stage.open(script.scenario ?? 'client-secret', script.seed)
      await script.setUp?.(stage)
    }
    before(open)
    after(() => stage.close())
    for (const {line, at, block, sees, exit} of shownCommands(readFileSync(`${ROOT}${page}`, 'utf8'))) {
      const {path: command, rest} = commandOf(line)
      const bare = !block && rest.every((word) => /^\[?[A-Z]+\]?$/.test(word))
      const play = bare && script.names !== true ? undefined : script.lines?.[line]
      const name = bare && play === undefined
      test(`${at}: ${line}`, async (t) => {
        if (play?.not !== undefined) {
          notRun.push(`${page}:${at}: ${line}: ${play.not}`)
          return t.skip(play.not)
        }
        counted[name ? 'help' : 'typed'] += 1
        if (play?.fresh) {
          await stage.close()
          await open()
        }
        await play?.before?.(stage)
        const values = Object.entries({...commonValues(stage), ...script.values?.(stage)}).sort(([a], [b]) => b.length - a.length)
        const filled = (text: string) =>
          values.reduce(
            (all, [word, value]) => all.replaceAll(new RegExp(`(?<![A-Z_])${word}(?![A-Z_])`, 'g'), () => value),
            text,
          )
        const typed = name ? `stanch ${command} --help` : `${filled(line)} ${play?.more ?? ''}`.trim()
        const came = await stage.type(typed, {answers: play?.answers, home: play?.colleague && stage.colleague})
        equal(came.code, exit, `${typed}\n${came.raw}`)
        for (const one of [...sees, ...(play?.sees ?? [])])
          ok(came.text.includes(filled(one)), `"${one}" was not seen after ${typed}:\n${came.raw}`)
        await play?.then?.(stage)
      })
    }
  })
}

test('every page with a command line is here, every script has its lines, and what was not run is named', (t) => {
  t.diagnostic(`${counted.typed} command lines typed, ${counted.help} names asked for their help, ${notRun.length} not run`)
  for (const one of notRun) t.diagnostic(`not run: ${one}`)
  const pages = ['README.md', ...['.github', 'runbooks'].flatMap(pagesIn)]
  const withLines = pages.filter((page) => shownCommands(readFileSync(`${ROOT}${page}`, 'utf8')).length > 0)
  deepEqual(Object.keys(SCRIPTS).sort(), withLines.sort())
  for (const [page, {lines = {}}] of Object.entries(SCRIPTS)) {
    const shown = new Set(shownCommands(readFileSync(`${ROOT}${page}`, 'utf8')).map(({line}) => line))
    for (const line of Object.keys(lines)) ok(shown.has(line), `${page} does not show: ${line}`)
  }
  ok(only !== '' || counted.typed > 130, `${counted.typed} were typed`)
})

/** Markdown files of a folder, as paths from the root of the repository. */
function pagesIn(folder: string): string[] {
  return readdirSync(`${ROOT}${folder}`, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`)
}
