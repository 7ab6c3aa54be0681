/*
 * What the completion scripts of all shells are made of: the commands as data, and how incidents and clients are looked up
 * on this machine while one types.
 */

/** What stands for values that are looked up on this machine while one types. */
export const INCIDENT = '<incident>' as const
export const CLIENT = '<client>' as const

/**
 * `CLIENTS` gives lines `client_id TAB name`, each id once. Ids and names come from the cache folder, where they were kept when a tenant
 * was read; ids without a name are read off the last million bytes of the newest records. Names are tenant text: they are
 * shown and compared, never inserted and never expanded; only an id reaches the command line. Nor is a file obeyed that somebody changed.
 */
export const ONE_EACH = `LC_ALL=C tr -d '\\000-\\010\\013-\\037\\177' | awk -F '\\t' '$1 ~ /^[A-Za-z0-9_-]+$/ && length($1) <= 64 && !seen[$1]++ {print $1 "\\t" $2}'`
export const IN_RECORDS = `grep -oE '"client_id":"[A-Za-z0-9_-]{1,64}"' | cut -d'"' -f4 | sort -u`
export const CLIENTS = `{
    for folder in "\${STANCH_CACHE_DIR:-\${XDG_CACHE_HOME:-$HOME/.cache}/stanch}" "$HOME/Library/Caches/stanch"; do
      cat "$folder/clients.tsv" "$folder/clients-sim.tsv"
    done
    tail -qc 1000000 "$(_stanch_data)"/trail*/records/* < /dev/null | ${IN_RECORDS}
  } 2> /dev/null | ${ONE_EACH}`

/** One command. */
export interface Entry {
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

/** For each beginning of a command (`''`, `grant`, ...) the words that may come next. */
export function nextWords(entries: readonly Entry[]): Map<string, string[]> {
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

/** `'grant list --profile'`, or a command and its last word, and what may follow: the values, `<file>`, or what is looked up. */
export function valueCases(entries: readonly Entry[]): {pattern: string; values: string}[] {
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

/** A single-quoted word of a shell script; summaries hold apostrophes. Colons part name and text in zsh's lists. */
export function quote(text: string): string {
  return `'${text
    .replace(/[\n\r]/g, ' ')
    .replaceAll('\\', '')
    .replaceAll("'", '\u2019')}'`
}
