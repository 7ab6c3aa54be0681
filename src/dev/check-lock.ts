import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/** What is read of package-lock.json, version 3. */
interface Lock {
  readonly lockfileVersion?: number
  readonly packages?: Readonly<Record<string, LockEntry>>
}

interface LockEntry {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

type Kind = 'dependencies' | 'optionalDependencies' | 'devDependencies'
const KINDS: readonly Kind[] = ['dependencies', 'optionalDependencies', 'devDependencies']

/**
 * What makes a lock file unsafe to install from, as sentences; empty when it is fine.
 *
 * npm leaves optional packages of other platforms out of the lock when a registry does not have them, without a word;
 * `npm ci` on that platform then fails. An entry without integrity can be replaced on the way; an install script runs
 * code before anybody looked at it.
 */
export function lockProblems(lock: Lock, manifest: Manifest): string[] {
  const packages = lock.packages ?? {}
  const entries = Object.entries(packages).filter(([path]) => path !== '')
  if (lock.lockfileVersion !== 3)
    return [`The lock file has version ${String(lock.lockfileVersion)}; this check knows version 3.`]
  if (entries.length === 0) return ['The lock file lists no package at all.']
  const problems: string[] = []
  const root = packages['']
  for (const kind of KINDS) {
    const wanted = manifest[kind] ?? {}
    const locked = root?.[kind] ?? {}
    for (const [name, version] of Object.entries(wanted)) {
      if (!/^\d+\.\d+\.\d+/.test(version)) problems.push(`package.json asks for ${name} ${version}: every version must be exact.`)
      if (locked[name] !== version)
        problems.push(`package.json asks for ${name} ${version}, the lock file for ${locked[name] ?? 'nothing'}.`)
      const entry = packages[`node_modules/${name}`]
      if (!entry) problems.push(`${name} (${kind}) has no entry in the lock file.`)
      else if (entry.version !== version)
        problems.push(`The lock file has ${name} ${entry.version ?? 'without a version'}, package.json asks for ${version}.`)
    }
    for (const name of Object.keys(locked))
      if (!Object.hasOwn(wanted, name)) problems.push(`The lock file lists ${name} (${kind}), package.json does not.`)
  }
  for (const [path, entry] of entries) {
    if (entry.link) {
      problems.push(`${path} is a link to a folder of this machine.`)
      continue
    }
    if (!entry.integrity && !entry.inBundle) problems.push(`${path} has no integrity.`)
    else if (entry.integrity && !/(^|\s)sha512-/.test(entry.integrity)) problems.push(`${path} has a weak integrity, not sha512.`)
    if (entry.hasInstallScript) problems.push(`${path} has an install script.`)
    if (entry.resolved && !entry.resolved.startsWith('https://'))
      problems.push(`${path} does not come from a registry over https.`)
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (!isLocked(name, path, packages))
        problems.push(`${name}, an optional dependency of ${path}, has no entry: npm ci fails on its platform.`)
    }
    for (const name of Object.keys(entry.dependencies ?? {})) {
      const optional = Object.hasOwn(entry.optionalDependencies ?? {}, name)
      if (!optional && !isLocked(name, path, packages)) problems.push(`${name}, a dependency of ${path}, has no entry.`)
    }
  }
  return problems
}

/** Node looks for a package in the node_modules of the folder itself and of every folder above. */
function isLocked(name: string, from: string, packages: Readonly<Record<string, LockEntry>>): boolean {
  for (let folder = from; ;) {
    if (Object.hasOwn(packages, `${folder === '' ? '' : `${folder}/`}node_modules/${name}`)) return true
    if (folder === '') return false
    const above = folder.lastIndexOf('/node_modules/')
    folder = above === -1 ? '' : folder.slice(0, above)
  }
}

function main(): void {
  const root = new URL('../../', import.meta.url)
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, root), 'utf8'))
  const lock = read('package-lock.json') as Lock
  const problems = lockProblems(lock, read('package.json') as Manifest)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) {
    process.stderr.write(`package-lock.json: ${problems.length} problem${problems.length === 1 ? '' : 's'}.\n`)
    process.exitCode = 1
    return
  }
  process.stdout.write(
    `package-lock.json: ${Object.keys(lock.packages ?? {}).length - 1} packages, all with integrity, no install script.\n`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
