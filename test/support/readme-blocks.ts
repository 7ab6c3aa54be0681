import {readFileSync} from 'node:fs'

import {ROOT} from './tree.ts'

/** What is between `<!-- name -->` and `<!-- /name -->`, without the code fence around it. Undefined when there is no such block. */
export function blockOf(text: string, name: string): string | undefined {
  const [open, close] = markers(name)
  const from = text.indexOf(open)
  const to = text.indexOf(close)
  if (from < 0 || to < from) return undefined
  return text.slice(from + open.length, to).trim()
}

/** `text` with the block's content replaced. */
export function withBlock(text: string, name: string, content: string): string {
  const [open, close] = markers(name)
  const from = text.indexOf(open)
  const to = text.indexOf(close)
  if (from < 0 || to < from) return text
  return `${text.slice(0, from + open.length)}\n\n${content}\n\n${text.slice(to)}`
}

function markers(name: string): [string, string] {
  return [`<!-- ${name} -->`, `<!-- /${name.split(':')[0]} -->`]
}

interface ManifestCommand {
  readonly id: string
  readonly summary?: string
  readonly hidden?: boolean
  readonly args?: Record<string, {readonly name: string; readonly required?: boolean}>
}

/** The command table, from the manifest: one row a command, by name. */
export function commandTable(): string {
  const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, ManifestCommand>}
  const rows = Object.values(commands)
    .filter((command) => command.hidden !== true)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({id, summary = '', args = {}}) => {
      const words = Object.values(args).map(({name, required}) => (required ? name.toUpperCase() : `[${name.toUpperCase()}]`))
      return `| \`${['stanch', ...id.split(':'), ...words].join(' ')}\` | ${summary.replaceAll('|', '\\|')} |`
    })
  return ['| command | does |', '|---|---|', ...rows].join('\n')
}

/**
 * The lines of a transcript with what differs from run to run named instead: instants, ports, ids, hashes, counts of
 * the simulated attacker, measured seconds. Progress lines are sorted, because deletions go out together.
 */
export function normalised(transcript: string): {progress: string[]; rest: string[]} {
  const lines = transcript
    // wrapped lines depend on what stands in them
    .replaceAll(/\n {5,}(?=\S)/g, ' ')
    .replaceAll('\nfile:', ' file:')
    .replaceAll(/file:.{0,400}?(?:\d ?){6,}Z/g, 'FILE')
    .replaceAll(/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z| UTC)/g, 'INSTANT')
    .replaceAll(/\b\d{2}:\d{2}:\d{2}Z/g, 'TIME')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/inc-\d{8}-[a-z0-9]{6}/g, 'INCIDENT')
    .replaceAll(/stanch\.local\/[0-9a-f]{16}/g, 'TRAIL')
    .replaceAll(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g, 'ROOT')
    .replaceAll(/\bclient [A-Za-z0-9]{32}\b/g, 'client CLIENT')
    .replaceAll(/\b\d+ h \d+ m\b|\b\d+ d \d+ h\b/g, 'LONG')
    // one expression: "1 m 00 s" and "59 s" are a breath apart
    .replaceAll(/(?:\d+ m )?\d+(\.\d+)? s\b/g, 'N s')
    .replaceAll(/\b\d+ (token\(s\)|call\(s\)|refused|entries)/g, 'N $1')
    // the number of records, below the name of the trail
    .replaceAll(/(TRAIL\n +)\d+/g, '$1N')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
  return {
    progress: lines.filter((line) => line.startsWith('TIME')).sort(),
    rest: lines.filter((line) => !line.startsWith('TIME')),
  }
}
