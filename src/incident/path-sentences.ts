import type {TokenPath} from './token-paths.ts'

/** Names of APIs in one sentence; the rest is counted. */
const SHOWN = 3

/** Paths that differ in nothing but the API, in words. */
export interface PathGroup {
  /** Short, for a question: `the default grant cgr_1 on https://api.example`. */
  readonly name: string
  /** What it gives to whom, and what closes it. */
  readonly sentence: string
}

export function pathGroups(paths: readonly TokenPath[]): PathGroup[] {
  const groups = new Map<string, TokenPath[]>()
  for (const path of paths) {
    const key =
      path.via === 'allow_all'
        ? [path.subject, path.credential_id ?? path.credential, path.grant_types.join()].join(' ')
        : path.id
    groups.set(key, [...(groups.get(key) ?? []), path])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    // The narrowest way; the others stand in the paths themselves.
    const closes = first.closes?.split('; or ')[0]
    return [
      {name: nameOf(first, group), sentence: `${sentence(first, group)}${closes === undefined ? '' : `. Close it: ${closes}`}`},
    ]
  })
}

/** Open paths in plain words, each with what closes it. */
export function pathSentences(paths: readonly TokenPath[]): string[] {
  return pathGroups(paths).map((group) => group.sentence)
}

function nameOf(path: TokenPath, group: readonly TokenPath[]): string {
  if (path.via === 'allow_all')
    return group.length === 1
      ? `the open policy of ${path.audience}`
      : `the open policies of ${path.audience} and ${group.length - 1} more API(s)`
  const kind =
    path.via === 'default_third_party_grant' ? 'the default grant' : path.subject === 'user' ? 'the user grant' : 'the grant'
  return `${kind} ${path.grant_id} on ${path.audience}${path.credential_id === undefined ? '' : ` with ${path.credential_id}`}`
}

function sentence(path: TokenPath, group: readonly TokenPath[]): string {
  const by = holder(path)
  if (path.via === 'allow_all') {
    const names = group.slice(0, SHOWN).map((one) => one.audience)
    const more = group.length > SHOWN ? ` and ${group.length - SHOWN} more` : ''
    const flows =
      path.subject === 'client' ? 'tokens in its own name' : `tokens in the name of users by ${path.grant_types.join(', ')}`
    return `${group.length === 1 ? 'an API lets' : `${group.length} APIs let`} every application in (${names.join(', ')}${more}): ${flows}${by}`
  }
  if (path.via === 'default_third_party_grant')
    // It serves others, too, so the plan leaves it alone.
    return `the default grant ${path.grant_id} for third-party applications on ${path.audience} gives this client tokens${by}`
  if (path.subject === 'user')
    return path.grant_types.join() === 'refresh_token'
      ? `user grant ${path.grant_id} on ${path.audience}: ${path.why}`
      : `user grant ${path.grant_id} on ${path.audience} gives tokens in the name of users by ${path.grant_types.join(', ')}${by}`
  const system = path.why.startsWith('a system grant') ? ` (${path.why})` : ''
  return `grant ${path.grant_id} on ${path.audience} still gives tokens${by}${system}`
}

function holder(path: TokenPath): string {
  if (path.credential === 'new_secret') return ' to whoever has the new secret'
  if (path.credential === 'key' || path.credential === 'certificate')
    return ` to whoever has the ${path.credential} ${path.credential_id ?? '(not shown)'}`
  return ''
}
