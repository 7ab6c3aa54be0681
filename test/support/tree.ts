import {readFileSync, readdirSync, statSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

import type {SourceFile} from './architecture.ts'

/** The project's root folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'coverage', 'oclif.manifest.json'])
const MAX_BYTES = 4 * 1024 * 1024

/** Every text file below `folder` (relative to the root, '' for all), by its path from the root. */
export function readTree(folder: string): SourceFile[] {
  const files: SourceFile[] = []
  const visit = (path: string): void => {
    for (const entry of readdirSync(ROOT + path, {withFileTypes: true})) {
      if (LEFT_OUT.has(entry.name) || entry.name.endsWith('.log')) continue
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) visit(below)
      else if (entry.isFile() && statSync(ROOT + below).size <= MAX_BYTES)
        files.push({path: below, text: readFileSync(ROOT + below, 'utf8')})
    }
  }
  visit(folder)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Spelled in pieces, so that this file does not find itself. */
const PLACES: readonly {readonly text: string; readonly allowedIn?: RegExp}[] = [
  // the recordings lie beside a checkout on the machine that runs the slow suites, and nowhere else
  {text: ['..', 'shared'].join('/'), allowedIn: /^\.ci\//},
  {text: ['', 'work', 'main'].join('/')},
  {text: ['', 'work', 'shared'].join('/')},
  {text: ['', 'tmp', 'stanch'].join('/')},
  {text: ['', 'tmp', 'node24'].join('/')},
  {text: ['', 'tmp', 'bash_jobs'].join('/')},
]

/** Mentions of places that exist on one machine only. */
export function placesOfOneMachine(files: readonly SourceFile[]): string[] {
  return files.flatMap(({path, text}) =>
    PLACES.filter((place) => text.includes(place.text) && !place.allowedIn?.test(path)).map(
      (place) => `${path} names ${place.text}`,
    ),
  )
}

/** Dependencies without a line of their own (a list item or table row that begins with the name in backticks). */
export function dependenciesWithoutLine(names: readonly string[], contributing: string): string[] {
  const lines = contributing.split('\n')
  return names.filter((name) => !lines.some((line) => line.startsWith(`- \`${name}\`: `) || line.startsWith(`| \`${name}\` | `)))
}

/** Lines of the list in CONTRIBUTING that name a package which is no dependency any more. */
export function linesWithoutDependency(names: readonly string[], contributing: string): string[] {
  const section = /\n## Dependencies\n([^]*?)(\n## |$)/.exec(contributing)?.[1] ?? ''
  const listed = [...section.matchAll(/^- `([^`]+)`: /gm)].map((match) => match[1] ?? '')
  return listed.filter((name) => !names.includes(name))
}
