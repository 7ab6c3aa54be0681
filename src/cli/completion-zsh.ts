import {CLIENT, CLIENTS, INCIDENT, nextWords, quote, valueCases} from './completion-entries.ts'
import type {Entry} from './completion-entries.ts'

export function zsh(entries: readonly Entry[]): string {
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
