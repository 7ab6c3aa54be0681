#!/usr/bin/env node
/*
 * The first thing that runs. It must load on every Node that can load an ES module at all, so that a Node that is too
 * old gets a sentence and not a stack trace: plain syntax and no static import here. Built-in modules are taken by name:
 * importing them would make Node build a list of all their exports first, which costs milliseconds on every start.
 */

const NEEDED = [22, 22, 2]

/** True when `version` (`major.minor.patch`) is at least the one that package.json's `engines` names. */
function isNewEnough(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (let i = 0; i < NEEDED.length; i++) {
    const have = parts[i] || 0
    const need = NEEDED[i] || 0
    if (have !== need) return have > need
  }
  return true
}

/** Compiled code is cached in a folder of our own, 0700: Node's default is a predictable folder that others can write into. */
function useCompileCache(): void {
  const {chmodSync, mkdirSync} = process.getBuiltinModule('node:fs')
  const {homedir} = process.getBuiltinModule('node:os')
  const path = process.getBuiltinModule('node:path')
  const base =
    process.env['STANCH_CACHE_DIR'] || path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'stanch')
  const folder = path.join(base, 'compile')
  try {
    if (!path.isAbsolute(base)) return
    mkdirSync(folder, {recursive: true, mode: 0o700})
    chmodSync(folder, 0o700)
    process.getBuiltinModule('node:module').enableCompileCache(folder)
  } catch {
    // Only start-up is slower without it.
  }
}

/** What a crash writes to disk on Linux shall hold none of our memory, nor that of commands we start: secrets are in it. */
function keepMemoryOutOfDumps(): void {
  if (process.platform !== 'linux') return
  try {
    process.getBuiltinModule('node:fs').writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // A kernel without it: doctor says what a dump would hold.
  }
}

/**
 * Whoever reads our output may leave at any time, by a closed pipe or with the terminal; what has begun is finished all the
 * same. True for errors that say no more than that.
 */
function ignoreReadersWhoLeave(): (error: unknown) => boolean {
  const left = new WeakSet<object>()
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || stream.isTTY) left.add(error)
      else process.exitCode = 1
    })
  }
  return (error) => left.has(error as object)
}

if (isNewEnough(process.versions.node)) {
  process.umask(0o077)
  keepMemoryOutOfDumps()
  const readerLeft = ignoreReadersWhoLeave()
  useCompileCache()
  // The framework prints argv and more under DEBUG, from the moment it is loaded; nothing of ours is debugged that way.
  delete process.env['DEBUG']
  const {start} = await import('./cli/start.ts')
  await start(process.argv.slice(2), new URL('..', import.meta.url), readerLeft)
} else {
  process.stderr.write(
    `stanch needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}. Get it from the official site, nodejs.org, or run "npm ci" in the clone: it brings one along.\n`,
  )
  process.exitCode = 2
}
