import {bash} from './completion-bash.ts'
import {CLIENT, INCIDENT} from './completion-entries.ts'
import type {Entry} from './completion-entries.ts'
import {fish} from './completion-fish.ts'
import {zsh} from './completion-zsh.ts'
import {StanchError} from '../errors.ts'

/** What completion needs of a command; the manifest has it, so no command is loaded. */
export interface CompletedCommand {
  readonly id: string
  readonly hidden?: boolean | undefined
  readonly summary?: string | undefined
  readonly flags: Readonly<
    Record<
      string,
      {
        readonly name: string
        readonly type: string
        readonly options?: readonly string[] | undefined
        readonly hidden?: boolean | undefined
        readonly summary?: string | undefined
      }
    >
  >
  readonly args?: Readonly<Record<string, {readonly description?: string | undefined}>> | undefined
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Flags whose value is a file. */
const FILES = new Set([
  'credential-file',
  'file',
  'key',
  'output',
  'runbook',
  'approval',
  'roster',
  'ca',
  'response',
  'request-out',
  'also',
])

/** A static script: it runs no stanch and asks no tenant; incidents and clients come from the folders of this machine. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  const entries = commands
    .filter((command) => command.hidden !== true)
    .map(entryOf)
    .sort((a, b) => (a.words < b.words ? -1 : 1))
  switch (shell) {
    case 'bash':
      return bash(entries)
    case 'zsh':
      return zsh(entries)
    case 'fish':
      return fish(entries)
  }
}

function entryOf(command: CompletedCommand): Entry {
  const flags = Object.values(command.flags)
    .filter((flag) => flag.hidden !== true)
    .map((flag): Entry['flags'][number] => ({
      name: word(flag.name),
      summary: flag.summary ?? '',
      takesValue: flag.type !== 'boolean',
      values: (flag.options ?? []).map(word),
      isFile: FILES.has(flag.name),
      lookUp: flag.name === 'incident' ? INCIDENT : flag.name === 'client' ? CLIENT : undefined,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const about = Object.values(command.args ?? {})[0]?.description ?? ''
  const first = about.startsWith('incident id') ? INCIDENT : about.startsWith('client id') ? CLIENT : undefined
  return {first, words: command.id.split(':').map(word).join(' '), summary: command.summary ?? '', flags}
}

/** Names go into scripts that a shell runs: nothing but plain words. */
function word(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(text)) return text
  throw new StanchError('internal', 'A command, flag or value has a name that no shell script may hold.')
}
