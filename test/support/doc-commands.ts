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

/** Every `stanch ...` that a text shows as something to type: lines of shell blocks, and inline code. */
export function commandLines(markdown: string): string[] {
  const lines: string[] = []
  let fence: string | undefined
  for (const line of markdown.replaceAll(/ \\\n\s*/g, ' ').split('\n')) {
    const opens = /^\s*```(\w*)/.exec(line)
    if (opens) {
      fence = fence === undefined ? (opens[1] ?? '') : undefined
      continue
    }
    const shown = fence === 'sh' ? [line] : fence === undefined ? [...line.matchAll(/`([^`]+)`/g)].map((one) => one[1] ?? '') : []
    for (const text of shown) {
      const typed = /^\s*(?:\$ )?(?:npx )?(stanch(?: .*)?)$/.exec(text)?.[1]
      if (typed !== undefined) lines.push(typed)
    }
  }
  return lines
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
