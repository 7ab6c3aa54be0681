import type {TokenPath} from './token-paths.ts'

/** Names of APIs in one sentence; the rest is counted. */
const SHOWN = 3

/** Open paths in plain words, each with what closes it. Paths that differ in nothing but the API make one sentence. */
export function pathSentences(paths: readonly TokenPath[]): string[] {
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
    // The narrowest way; the others stand in the paths themselves.
    const closes = first?.closes?.split('; or ')[0]
    return first ? [`${sentence(first, group)}${closes === undefined ? '' : `. Close it: ${closes}`}`] : []
  })
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
    return `the default grant ${path.grant_id} for third-party applications on ${path.audience} gives this client tokens${by}; it serves others, too, so it is not deleted here`
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
