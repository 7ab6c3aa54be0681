import {CLIENT, INCIDENT, IN_RECORDS, ONE_EACH, nextWords, quote} from './completion-entries.ts'
import type {Entry} from './completion-entries.ts'

const FISH = {[INCIDENT]: '__stanch_incidents', [CLIENT]: '__stanch_clients'} as const

export function fish(entries: readonly Entry[]): string {
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
      // fish takes no -f beside -F
      return `complete -c stanch${flag.isFile ? '' : ' -f'} -n '__stanch_in "${words}"' -l ${flag.name}${value} -d ${quote(flag.summary)}`
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
function __stanch_known
    set -l records (__stanch_data)/trail*/records/*
    begin
        for folder in (__stanch_cache) $HOME/Library/Caches/stanch
            cat $folder/clients.tsv $folder/clients-sim.tsv
        end
        test -n "$records"; and tail -qc 1000000 $records | ${IN_RECORDS}
    end 2>/dev/null | ${ONE_EACH}
end
# Clients whose id begins with a text (field 1), or whose name holds it (field 2).
function __stanch_found -a field part
    __stanch_known | env FIELD=$field PART=$part awk -F '\\t' '{
        at = index(tolower($ENVIRON["FIELD"]), tolower(ENVIRON["PART"]))
        if (ENVIRON["FIELD"] == 1 ? at == 1 : at > 0) print
    }'
end
# fish drops every candidate that does not hold what was typed, and takes no change of the line from here. So where it is a
# part of a name the next Tab is ours, once: it puts the id there, or of several clients lists those alone. Whoever has bound
# Tab keeps it.
function __stanch_clients
    set -l token (commandline -ct | string collect)
    set -l typed (string replace -r -- '^--client=' '' "$token" | string collect)
    set -l part "$__stanch_part"
    set -e __stanch_part
    if test -z "$typed"
        if test -n "$part"
            __stanch_found 2 "$part"
        else
            __stanch_known
        end
        return
    end
    set -l found (__stanch_found 1 "$typed")
    if test -n "$found"
        printf '%s\\n' $found
    else if test -n "$(__stanch_found 2 "$typed")"; and not bind --user -M $fish_bind_mode \\t >/dev/null 2>&1
        set -g __stanch_token "$token"
        bind -M $fish_bind_mode \\t __stanch_tab
    end
end
function __stanch_tab
    bind --user -M $fish_bind_mode -e \\t
    set -l token (commandline -ct | string collect)
    set -l lead (string match -r -- '^--client=' "$token")
    set -l typed (string replace -r -- '^--client=' '' "$token" | string collect)
    if test -n "$typed" -a "$token" = "$__stanch_token"
        set -l found (__stanch_found 2 "$typed")
        if test (count $found) -eq 1
            commandline -rt -- "$lead"(string split -f 1 \\t -- $found)
            return
        else if test (count $found) -gt 1
            set -g __stanch_part "$typed"
            commandline -rt -- "$lead"
        end
    end
    commandline -f complete
end
${[...next, ...flags, ...first].join('\n')}
`
}
