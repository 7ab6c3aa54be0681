import {hash} from 'node:crypto'
import {copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, chmodSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {GROUND, latePackages, quickStart} from './quick-start.ts'

/*
 * Builds dist/: one readable ESM entry per command, so that a command loads only what it uses, and the oclif manifest,
 * so that help and command look-up load no command at all. Same sources, same bytes.
 */

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

const fresh = path.join(root, `dist.new-${process.pid}`)
const old = path.join(root, `dist.old-${process.pid}`)

/** Every command file as `commands/<topic>/<name>`. */
function commandEntries(): Record<string, string> {
  const entries: Record<string, string> = {}
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, {withFileTypes: true}).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(folder, entry.name)
      if (entry.isDirectory()) walk(full)
      else if (entry.name.endsWith('.ts'))
        entries[path.relative(path.join(root, 'src'), full).replace(/\.ts$/, '').replaceAll(path.sep, '/')] = full
    }
  }
  walk(path.join(root, 'src/commands'))
  return entries
}

const PAGE_SCRIPTS = ['report', 'evidence']

/** In a browser the ports of `trail/format` are the files of the same names in `page`. */
const browserPorts = {
  name: 'browser-ports',
  resolveId(source: string, importer: string | undefined) {
    if (!importer?.includes(path.join('src', 'trail', 'format'))) return null
    return source === './digest.ts' || source === './signature.ts' ? path.join(root, 'src/page', source) : null
  },
}

async function bundle(): Promise<void> {
  const {rolldown} = await import('rolldown')
  const build = await rolldown({
    input: {
      main: path.join(root, 'src/main.ts'),
      'cli/command-not-found': path.join(root, 'src/cli/command-not-found.ts'),
      ...commandEntries(),
    },
    platform: 'node',
    plugins: [quickStart],
    logLevel: 'warn',
    cwd: root,
  })
  await build.write({
    dir: fresh,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    minify: false,
    codeSplitting: {groups: [{name: 'ground', test: GROUND}]},
  })
  await build.close()
  const late = await rolldown({
    input: {late: 'late'},
    platform: 'node',
    plugins: [latePackages(path.join(root, 'node_modules/@oclif/core/lib/index.js'))],
    logLevel: 'warn',
    cwd: root,
  })
  await late.write({dir: fresh, format: 'cjs', entryFileNames: '[name].cjs'})
  await late.close()
  chmodSync(path.join(fresh, 'main.js'), 0o755)
  // Goes into every evidence bundle as it is.
  copyFileSync(path.join(root, 'src/report/verify.py'), path.join(fresh, 'verify.py'))
}

/** For `sha256sum -c`. The hash of this list is the `build` in the records of a session. */
function sums(): string {
  const names = readdirSync(fresh, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(fresh, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
  return names
    .sort()
    .map((name) => `${hash('sha256', readFileSync(path.join(fresh, name)), 'hex')}  ${name}\n`)
    .join('')
}

/** What runs in a browser: classic scripts that can be read, since a page from the disk loads no modules. */
async function pages(): Promise<void> {
  const {rolldown} = await import('rolldown')
  for (const name of PAGE_SCRIPTS) {
    const build = await rolldown({
      input: path.join(root, `src/page/${name}.ts`),
      platform: 'browser',
      plugins: [browserPorts],
      logLevel: 'warn',
      cwd: root,
    })
    await build.write({file: path.join(fresh, `page/${name}.js`), format: 'iife', minify: false})
    await build.close()
  }
}

async function manifest(): Promise<void> {
  const {Plugin} = await import('@oclif/core/config')
  const plugin = new Plugin({
    type: 'core',
    root,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  })
  await plugin.load()
  if (!plugin.valid || Object.keys(plugin.manifest.commands).length === 0) {
    process.stderr.write('The oclif manifest would hold no command.\n')
    process.exit(1)
  }
  writeFileSync(path.join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`)
}

if (!existsSync(path.join(root, 'node_modules/rolldown'))) {
  // `npm ci --omit=dev` runs this too: there is nothing to build with, and nothing to fail about.
  process.stderr.write('rolldown is not installed (development dependency): dist/ is left as it is.\n')
} else {
  await bundle()
  await pages()
  writeFileSync(path.join(fresh, 'SHA256SUMS'), sums())
  // The old dist/ stays whole until the new one is: a program that starts meanwhile finds one or the other.
  rmSync(old, {recursive: true, force: true})
  if (existsSync(path.join(root, 'dist'))) renameSync(path.join(root, 'dist'), old)
  renameSync(fresh, path.join(root, 'dist'))
  rmSync(old, {recursive: true, force: true})
  await manifest()
  const {version} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {version: string}
  process.stdout.write(`Built stanch ${version} into dist/.\n`)
}
