import {readFileSync} from 'node:fs'
import {ROOT} from './tree.ts'

interface ManifestFlag {
  readonly name: string
  readonly char?: string
  readonly type: 'boolean' | 'option'
  readonly options?: readonly string[]
  readonly allowNo?: boolean
}

interface ManifestCommand {
  readonly id: string
  readonly strict?: boolean
  readonly args?: Readonly<Record<string, {readonly required?: boolean}>>
  readonly flags: Readonly<Record<string, ManifestFlag>>
}

const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {
  commands: Record<string, ManifestCommand>
}

/** `NAME=value` before a command. */
const SETTINGS = /^(?:[A-Z0-9_]+=\S+ )*/

/** A command line as a page shows it, and what the page says comes out. */
export interface ShownCommand {
  readonly line: string
  /** Line of the page, from 1. */
  readonly at: number
  /** Stands in a block to be typed; else in the running text. */
  readonly block: boolean
  /** What stands in backticks in the sentence `You see ...` below the block. */
  readonly sees: readonly string[]
  /** `exit N` of that sentence, else 0. */
  readonly exit: number
}

/** Every `stanch ...` (and the bundle's own verifier) that a text shows as something to type: in shell blocks, indented blocks and inline code. */
export function shownCommands(markdown: string): ShownCommand[] {
  const shown: ShownCommand[] = []
  const lines = markdown.split('\n')
  const typed = (text: string) =>
    /^\s*(?:\$ )?(?:npx )?((?:[A-Z0-9_]+=\S+ )*(?:stanch|python3 \S*verify\.py)(?:\s.*)?)$/s
      .exec(text)?.[1]
      ?.replaceAll(/\s+/g, ' ')
      .trim()
  const add = (text: string, at: number, block: boolean, outcome = {sees: [] as string[], exit: 0}) => {
    const line = typed(text)
    if (line !== undefined) shown.push({line, at: at + 1, block, ...outcome})
  }
  for (let at = 0; at < lines.length; at++) {
    const fence = /^\s*```(\w*)/.exec(lines[at] ?? '')
    if (fence) {
      let end = at + 1
      while (end < lines.length && !/^\s*```/.test(lines[end] ?? '')) end++
      if (fence[1] === 'sh')
        for (let i = at + 1; i < end; i++) {
          const from = i
          let text = lines[i] ?? ''
          while (text.endsWith(' \\') && i + 1 < end) text = `${text.slice(0, -1)}${lines[++i]?.trim()}`
          add(text, from, true, i + 1 === end ? outcomeAfter(lines, end) : undefined)
        }
      at = end
    } else if (/^ {4}stanch /.test(lines[at] ?? '')) add(lines[at] ?? '', at, true)
    else if (/^\s*You see /.test(lines[at] ?? '')) while ((lines[at + 1] ?? '').trim() !== '') at++
    else {
      // code in the running text may be broken at the end of a line
      const odd = (text: string) => (text.match(/`/g)?.length ?? 0) % 2 === 1
      let text = lines[at] ?? ''
      const from = at
      while (odd(text) && (lines[at + 1] ?? '').trim() !== '') text = `${text}\n${lines[++at]}`
      for (const [, code = ''] of text.matchAll(/`([^`]+)`/g)) add(code, from, false)
    }
  }
  return shown
}

/** Those of stanch itself. */
export const commandLines = (markdown: string): string[] =>
  shownCommands(markdown)
    .map(({line}) => line.replace(SETTINGS, ''))
    .filter((line) => line.startsWith('stanch'))

/** The sentence `You see ...` below the block that ends at line `end`. */
function outcomeAfter(lines: readonly string[], end: number): {sees: string[]; exit: number} {
  let i = end + 1
  while ((lines[i] ?? 'x').trim() === '') i++
  if (!/^\s*You see /.test(lines[i] ?? '')) return {sees: [], exit: 0}
  let text = ''
  for (; (lines[i] ?? '').trim() !== ''; i++) text += ` ${lines[i]?.trim()}`
  const sees = [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
  return {sees, exit: Number(/\bexit (\d+)\b/.exec(text)?.[1] ?? 0)}
}

/** What is wrong with a command line, by the manifest: unknown command or flag, a value that is none, too many words. */
export function faultOf(line: string): string | undefined {
  const words = [...(line.split(/\s[|#<>]\s?/)[0] ?? '').matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word).slice(1)
  const path: string[] = []
  while (words[0] !== undefined && /^[a-z][a-z-]*$/.test(words[0]) && isBeginning([...path, words[0]]))
    path.push(words.shift() as string)
  if (path.length === 0) return words.every((word) => ['--help', '--version'].includes(word)) ? undefined : 'no such command'
  const command = commands[path.join(':')]
  if (!command) return words.every((word) => word === '--help') ? undefined : `"${path.join(' ')}" is a topic`
  let free = 0
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (!word.startsWith('-') || word === '-') {
      free += 1
      continue
    }
    const [name = '', inline] = word.replace(/^--?/, '').split(/=(.*)/s)
    if (name === 'help' || name === 'json') continue
    const flag = Object.values(command.flags).find(
      (one) =>
        one.name === name ||
        (word.startsWith('-') && !word.startsWith('--') && one.char === name) ||
        (one.allowNo === true && `no-${one.name}` === name),
    )
    if (!flag) return `${path.join(' ')} has no flag ${word}`
    if (flag.type === 'boolean') continue
    const value = inline ?? words[++i]
    if (value === undefined) return `${word} has no value`
    if (flag.options && !flag.options.includes(value) && !/^[A-Z_]+$/.test(value)) return `${word} takes no ${value}`
  }
  const args = Object.values(command.args ?? {})
  if (free > args.length && command.strict !== false) return `${path.join(' ')} takes ${args.length} words, not ${free}`
  return undefined
}

function isBeginning(path: readonly string[]): boolean {
  const id = path.join(':')
  return Object.keys(commands).some((one) => one === id || one.startsWith(`${id}:`))
}

/** The words of a line that name its command (`grant list`), and the others. */
export function commandOf(line: string): {path: string; rest: string[]} {
  const words = line.replace(SETTINGS, '').split(/\s+/).slice(1)
  const path: string[] = []
  while (words[0] !== undefined && isBeginning([...path, words[0]])) path.push(words.shift() as string)
  return {path: path.join(' '), rest: words}
}
