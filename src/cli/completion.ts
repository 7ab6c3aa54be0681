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

/** What stands for values that are looked up in the data folder of this machine while one types. */
const INCIDENT = '<incident>' as const
const CLIENT = '<client>' as const

/**
 * For shells that know sed's family: incident ids are names of folders, client ids are read off the last million bytes of
 * the newest records. Names of clients are tenant text and are not in the trail.
 */
const CLIENT_IDS = `tail -qc 1000000 "$(_stanch_data)"/trail*/records/* 2>/dev/null |
    grep -oE '"client_id":"[A-Za-z0-9_-]{1,64}"' | cut -d'"' -f4 | sort -u`

interface Entry {
  /** What its first word is, where that can be looked up. */
  readonly first: typeof INCIDENT | typeof CLIENT | undefined
  /** `grant delete` */
  readonly words: string
  readonly summary: string
  readonly flags: readonly {
    readonly name: string
    readonly summary: string
    readonly takesValue: boolean
    readonly values: readonly string[]
    readonly isFile: boolean
    readonly lookUp: typeof INCIDENT | typeof CLIENT | undefined
  }[]
}

/** A static script: it runs no stanch and asks no tenant; incident and client ids come from the data folder of this machine. */
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

/** For each beginning of a command (`''`, `grant`, ...) the words that may come next. */
function nextWords(entries: readonly Entry[]): Map<string, string[]> {
  const next = new Map<string, Set<string>>()
  for (const {words} of entries) {
    const parts = words.split(' ')
    parts.forEach((part, i) => {
      const before = parts.slice(0, i).join(' ')
      next.set(before, (next.get(before) ?? new Set()).add(part))
    })
  }
  return new Map([...next].map(([before, after]) => [before, [...after].sort()]))
}

function bash(entries: readonly Entry[]): string {
  const next = [...nextWords(entries)].map(([before, after]) => `    '${before}') echo '${after.join(' ')}' ;;`)
  const flags = entries.map(
    ({words, flags: own}) => `    '${words}') echo '${own.map((flag) => `--${flag.name}`).join(' ')} --help' ;;`,
  )
  const values = valueCases(entries).map(({pattern, values: list}) => `    ${pattern}) echo '${list}' ;;`)
  return `# bash completion for stanch. Install: stanch completion bash > ~/.local/share/bash-completion/completions/stanch
_stanch_next() {
  case "$1" in
${next.join('\n')}
  esac
}
_stanch_flags() {
  case "$1" in
${flags.join('\n')}
  esac
}
_stanch_values() {
  case "$1" in
${values.join('\n')}
  esac
}
_stanch_data() { printf '%s' "\${STANCH_DATA_DIR:-\${XDG_DATA_HOME:-$HOME/.local/share}/stanch}"; }
_stanch_incidents() {
  local folder
  for folder in "$(_stanch_data)"/incidents/inc-*; do [[ -d $folder ]] && echo "\${folder##*/}"; done
}
_stanch_clients() {
  ${CLIENT_IDS}
}
_stanch() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words='' i word values
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] && break
    [[ " $(_stanch_next "$words") " == *" $word "* ]] || break
    words="\${words:+$words }$word"
  done
  values=$(_stanch_values "$words $previous")
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_stanch_flags "$words")" -- "$current")
  elif [[ $values == '<file>' ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [[ $values == '${INCIDENT}' ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_stanch_incidents)" -- "$current")
  elif [[ $values == '${CLIENT}' ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_stanch_clients)" -- "$current")
  elif [[ -n $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_stanch_next "$words")" -- "$current")
  fi
}
complete -F _stanch stanch
`
}

/** `'grant list --profile'`, or a command and its last word, and what may follow: the values, `<file>`, or what is looked up. */
function valueCases(entries: readonly Entry[]): {pattern: string; values: string}[] {
  return entries.flatMap(({words, flags, first}) => [
    ...(first === undefined ? [] : [{pattern: `'${words} ${words.split(' ').at(-1) ?? ''}'`, values: first}]),
    ...flags
      .filter((flag) => flag.isFile || flag.lookUp !== undefined || flag.values.length > 0)
      .map((flag) => ({
        pattern: `'${words} --${flag.name}'`,
        values: flag.isFile ? '<file>' : (flag.lookUp ?? flag.values.join(' ')),
      })),
  ])
}

function zsh(entries: readonly Entry[]): string {
  const summaries = new Map(entries.map((entry) => [entry.words, entry.summary]))
  const next = [...nextWords(entries)].map(
    ([before, after]) =>
      `    '${before}') list=(${after.map((one) => quote(`${one}:${summaries.get(before === '' ? one : `${before} ${one}`) ?? 'more commands'}`)).join(' ')}) ;;`,
  )
  const flags = entries.map(
    ({words, flags: own}) =>
      `    '${words}') list=(${own.map((flag) => quote(`--${flag.name}:${flag.summary}`)).join(' ')} ${quote('--help:show help')}) ;;`,
  )
  const values = valueCases(entries).map(
    ({pattern, values: list}) => `    ${pattern}) values=(${list.startsWith('<') ? `'${list}'` : list}) ;;`,
  )
  return `#compdef stanch
# zsh completion for stanch. Install: stanch completion zsh > a folder of $fpath, as _stanch
_stanch_next() {
  list=()
  case "$1" in
${next.join('\n')}
  esac
}
_stanch_flags() {
  list=()
  case "$1" in
${flags.join('\n')}
  esac
}
_stanch_values() {
  values=()
  case "$1" in
${values.join('\n')}
  esac
}
_stanch_data() { print -r -- "\${STANCH_DATA_DIR:-\${XDG_DATA_HOME:-$HOME/.local/share}/stanch}" }
_stanch_clients() {
  ${CLIENT_IDS}
}
_stanch() {
  local -a list values
  local said='' i
  for ((i = 2; i < CURRENT; i++)); do
    [[ $words[i] == -* ]] && break
    _stanch_next "$said"
    (( \${list[(I)$words[i]:*]} )) || break
    said="\${said:+$said }$words[i]"
  done
  _stanch_values "$said $words[CURRENT-1]"
  if [[ $words[CURRENT] == -* ]]; then
    _stanch_flags "$said"
    _describe -o flag list
  elif [[ $values[1] == '<file>' ]]; then
    _files
  elif [[ $values[1] == '${INCIDENT}' ]]; then
    values=("$(_stanch_data)"/incidents/inc-*(/N:t))
    compadd -a values
  elif [[ $values[1] == '${CLIENT}' ]]; then
    values=(\${(f)"$(_stanch_clients)"})
    compadd -a values
  elif (( $#values )); then
    compadd -a values
  else
    _stanch_next "$said"
    _describe command list
  fi
}
if [[ $funcstack[1] == _stanch ]]; then _stanch "$@"; else compdef _stanch stanch; fi
`
}

const FISH = {[INCIDENT]: '__stanch_incidents', [CLIENT]: '__stanch_clients'} as const

function fish(entries: readonly Entry[]): string {
  const next = [...nextWords(entries)].flatMap(([before, after]) =>
    after.map((one) => {
      const summary =
        entries.find((entry) => entry.words === (before === '' ? one : `${before} ${one}`))?.summary ?? 'more commands'
      return `complete -c stanch -f -n '__stanch_at "${before}"' -a ${one} -d ${quote(summary)}`
    }),
  )
  const flags = entries.flatMap(({words, flags: own}) =>
    own.map((flag) => {
      const value = flag.isFile
        ? ' -r -F'
        : flag.lookUp !== undefined
          ? ` -x -a '(${FISH[flag.lookUp]})'`
          : flag.values.length > 0
            ? ` -x -a '${flag.values.join(' ')}'`
            : flag.takesValue
              ? ' -x'
              : ''
      return `complete -c stanch -f -n '__stanch_in "${words}"' -l ${flag.name}${value} -d ${quote(flag.summary)}`
    }),
  )
  const first = entries.flatMap((entry) =>
    entry.first === undefined ? [] : [`complete -c stanch -f -n '__stanch_at "${entry.words}"' -a '(${FISH[entry.first]})'`],
  )
  return `# fish completion for stanch. Install: stanch completion fish > ~/.config/fish/completions/stanch.fish
function __stanch_said
    set -l said
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and break
        set -a said $word
    end
    string join ' ' -- $said
end
function __stanch_at
    set -l said (__stanch_said)
    test "$said" = "$argv[1]"
end
function __stanch_in
    set -l said (__stanch_said)
    test "$said" = "$argv[1]"; or string match -q -- "$argv[1] *" "$said"
end
function __stanch_data
    if set -q STANCH_DATA_DIR
        echo $STANCH_DATA_DIR
    else if set -q XDG_DATA_HOME
        echo $XDG_DATA_HOME/stanch
    else
        echo $HOME/.local/share/stanch
    end
end
function __stanch_incidents
    for folder in (__stanch_data)/incidents/inc-*
        string replace -r '.*/' '' -- $folder
    end
end
function __stanch_clients
    tail -qc 1000000 (__stanch_data)/trail*/records/* 2>/dev/null | grep -oE '"client_id":"[A-Za-z0-9_-]{1,64}"' | cut -d'"' -f4 | sort -u
end
${[...next, ...flags, ...first].join('\n')}
`
}

/** A single-quoted word of a shell script; summaries hold apostrophes. Colons part name and text in zsh's lists. */
function quote(text: string): string {
  return `'${text
    .replace(/[\n\r]/g, ' ')
    .replaceAll('\\', '')
    .replaceAll("'", '\u2019')}'`
}
