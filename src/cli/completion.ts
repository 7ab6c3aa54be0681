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

/** What stands for values that are looked up on this machine while one types. */
const INCIDENT = '<incident>' as const
const CLIENT = '<client>' as const

/**
 * `CLIENTS` gives lines `client_id TAB name`, each id once. Ids and names come from the cache folder, where they were kept when a tenant
 * was read; ids without a name are read off the last million bytes of the newest records. Names are tenant text: they are
 * shown and compared, never inserted and never expanded; only an id reaches the command line. Nor is a file obeyed that somebody changed.
 */
const ONE_EACH = `LC_ALL=C tr -d '\\000-\\010\\013-\\037\\177' | awk -F '\\t' '$1 ~ /^[A-Za-z0-9_-]+$/ && length($1) <= 64 && !seen[$1]++ {print $1 "\\t" $2}'`
const IN_RECORDS = `grep -oE '"client_id":"[A-Za-z0-9_-]{1,64}"' | cut -d'"' -f4 | sort -u`
const CLIENTS = `{
    for folder in "\${STANCH_CACHE_DIR:-\${XDG_CACHE_HOME:-$HOME/.cache}/stanch}" "$HOME/Library/Caches/stanch"; do
      cat "$folder/clients.tsv" "$folder/clients-sim.tsv"
    done
    tail -qc 1000000 "$(_stanch_data)"/trail*/records/* < /dev/null | ${IN_RECORDS}
  } 2> /dev/null | ${ONE_EACH}`

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
  local folder
  ${CLIENTS}
}
# One client is left: its id. Several: a list with their names, nothing inserted but what their ids have in common.
_stanch_client() {
  local current=$1 id name by_name=''
  local -a ids=() shown=()
  while IFS=$'\\t' read -r id name; do
    if [[ $id == "$current"* ]]; then :
    elif [[ \${name,,} == *"\${current,,}"* ]]; then by_name=1
    else continue; fi
    ids+=("$id") shown+=("$id\${name:+  $name}")
  done < <(_stanch_clients)
  if ((\${#ids[@]} < 2)); then
    COMPREPLY=("\${ids[@]}")
  else
    COMPREPLY=("\${shown[@]}")
    [[ -n $by_name ]] && COMPREPLY+=('(more of the id or the name)')
  fi
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
    _stanch_client "$current"
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
  setopt local_options null_glob
  local folder
  ${CLIENTS}
}
_stanch_client() {
  local -a ids shown
  local id name by_name=''
  while IFS=$'\\t' read -r id name; do
    if [[ $id == "$PREFIX"* ]]; then :
    elif [[ \${(L)name} == *"\${(L)PREFIX}"* ]]; then by_name=1
    else continue; fi
    ids+=("$id") shown+=("$id\${name:+  $name}")
  done < <(_stanch_clients)
  if [[ -n $by_name ]]; then
    (( $#ids > 1 )) && compstate[insert]=menu
    compadd -U -l -d shown -a ids
  else
    compadd -l -d shown -a ids
  fi
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
    _stanch_client
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
function __stanch_cache
    if set -q STANCH_CACHE_DIR
        echo $STANCH_CACHE_DIR
    else if set -q XDG_CACHE_HOME
        echo $XDG_CACHE_HOME/stanch
    else
        echo $HOME/.cache/stanch
    end
end
# The name stands beside the id, and is searched in the list (Ctrl-S): fish itself keeps only words that hold what was typed.
function __stanch_clients
    set -l records (__stanch_data)/trail*/records/*
    begin
        for folder in (__stanch_cache) $HOME/Library/Caches/stanch
            cat $folder/clients.tsv $folder/clients-sim.tsv
        end
        test -n "$records"; and tail -qc 1000000 $records | ${IN_RECORDS}
    end 2>/dev/null | ${ONE_EACH}
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
