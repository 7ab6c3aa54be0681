import {readFileSync, writeFileSync} from 'node:fs'
import {pathToFileURL} from 'node:url'

import {ROOT} from './tree.ts'

/*
 * The surface of the program: commands, arguments, flags. `node test/support/command-snapshot.ts --write` takes a new
 * picture after a deliberate change.
 */

interface ManifestFlag {
  readonly name: string
  readonly type: string
  readonly char?: string
  readonly required?: boolean
  readonly multiple?: boolean
  readonly options?: readonly string[]
}

interface ManifestCommand {
  readonly id: string
  readonly args: Record<string, {readonly name: string; readonly required?: boolean; readonly options?: readonly string[]}>
  readonly flags: Record<string, ManifestFlag>
}

export const SNAPSHOT = `${ROOT}test/contracts/commands.json`

/** `{"grant delete": {args: ["[ID]"], flags: {"--yes, -y": "", "--max-actions": "value"}}}`, sorted. */
export function commandSnapshot(): Record<string, {args: string[]; flags: Record<string, string>}> {
  const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, ManifestCommand>}
  return sorted(
    Object.values(commands).map(({id, args, flags}) => [
      id.replaceAll(':', ' '),
      {
        args: Object.values(args).map(
          ({name, required, options}) => `${required ? name : `[${name}]`}${options ? `: ${options.join('|')}` : ''}`,
        ),
        flags: sorted(Object.values(flags).map((flag) => [`--${flag.name}${flag.char ? `, -${flag.char}` : ''}`, shapeOf(flag)])),
      },
    ]),
  )
}

function shapeOf(flag: ManifestFlag): string {
  const value = flag.type === 'boolean' ? '' : flag.options ? flag.options.join('|') : 'value'
  return [value, flag.required ? 'required' : '', flag.multiple ? 'repeatable' : ''].filter((part) => part !== '').join(', ')
}

function sorted<V>(entries: [string, V][]): Record<string, V> {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && process.argv.includes('--write')) {
  writeFileSync(SNAPSHOT, `${JSON.stringify(commandSnapshot(), null, 2)}\n`)
}
