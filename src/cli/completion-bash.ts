import {CLIENT, CLIENTS, INCIDENT, nextWords, valueCases} from './completion-entries.ts'
import type {Entry} from './completion-entries.ts'

export function bash(entries: readonly Entry[]): string {
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
