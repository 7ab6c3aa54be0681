import type {Plugin} from 'rolldown'
import {StanchError} from '../errors.ts'

/*
 * Keeps the start of every command short without touching what oclif does. Each item here costs a millisecond or more at
 * every start, of the fifty or so that bare Node takes; `test/bench/run.ts` measures the whole.
 */

/** Packages that oclif takes at start and uses in rare calls only: help, tables, globs, spinners. They are one file of their own. */
const LATE_PACKAGES = [
  'ansis',
  'clean-stack',
  'cli-spinners',
  'ejs',
  'indent-string',
  'lilconfig',
  'minimatch',
  'string-width',
  'supports-color',
  'tinyglobby',
  'widest-line',
  'wrap-ansi',
]

/** Expressions of oclif that cost milliseconds, and what gives the same here. */
const REPLACED = [
  // Three files are read to learn whether this is WSL; WSL says so in a variable.
  {
    file: 'util/os.js',
    from: "(await import('wsl-utils')).isWsl ?",
    to: "process.platform === 'linux' && process.env.WSL_DISTRO_NAME ?",
  },
  // One small file; node:fs/promises brings readline and more along.
  {file: 'util/fs.js', from: "await (0, promises_1.readFile)(path, 'utf8')", to: "(0, node_fs_1.readFileSync)(path, 'utf8')"},
  // Command ids are ASCII; the first localeCompare starts Intl.
  {file: 'config/plugin.js', from: 'a.id.localeCompare(b.id)', to: '(a.id < b.id ? -1 : 1)'},
] as const

const BUILTIN = '\0builtin:'
const PACKAGE = '\0late-package:'
/** Relative to dist/chunks, from where it is asked for. */
const LATE_FILE = '../late.cjs'
const SILENT = '\0silent'

/**
 * Built-in modules come from Node by name, at their first use: an import makes Node list their exports first, and the list
 * of node:fs loads its streams and promises. The packages above come at their first use, too. The debug package is not
 * asked at all: `main.ts` takes DEBUG away before.
 */
export const quickStart: Plugin = {
  name: 'quick-start',
  resolveId(source, importer) {
    if (source === LATE_FILE) return {id: source, external: true}
    const oclif = importer?.includes('node_modules/@oclif/core/') ?? false
    const ours = importer !== undefined && /\/src\/.*\.ts$/.test(importer) && !importer.includes('node_modules/')
    if (source.startsWith('node:') && (oclif || ours)) return BUILTIN + source
    if (!oclif) return null
    if (source === 'debug') return SILENT
    return LATE_PACKAGES.includes(source) ? PACKAGE + source : null
  },
  load(id) {
    if (id === SILENT) return {code: 'module.exports = () => () => {}\n', moduleType: 'js'}
    if (id.startsWith(BUILTIN)) return late(`process.getBuiltinModule(${JSON.stringify(id.slice(BUILTIN.length))})`)
    if (id.startsWith(PACKAGE)) return late(`require('${LATE_FILE}')[${JSON.stringify(id.slice(PACKAGE.length))}]`)
    return null
  },
  transform(code, id) {
    const file = id.split('@oclif/core/lib/')[1]
    const found = REPLACED.find((one) => one.file === file)
    if (!found) return null
    const parts = code.split(found.from)
    if (parts.length !== 2)
      throw new StanchError('internal', `${found.file} of oclif no longer holds what the quick start replaces.`)
    return parts.join(found.to)
  },
  // One character beyond Latin-1 would make the whole text twice as wide in memory, and twice as long to take in.
  renderChunk(code, chunk) {
    if (chunk.name !== 'ground') return null
    return code.replaceAll(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
  },
}

/** The file of the late packages. @param from a file of oclif, whose packages they are */
export const latePackages = (from: string): Plugin => ({
  name: 'late-packages',
  resolveId(source, importer) {
    if (source === 'late') return '\0late'
    return importer === '\0late' ? this.resolve(source, from, {kind: 'require-call'}) : null
  },
  load(id) {
    if (id !== '\0late') return null
    const members = LATE_PACKAGES.map((name) => `get '${name}'() { return require('${name}') }`)
    return {code: `module.exports = {${members.join(', ')}}\n`, moduleType: 'js'}
  },
})

/**
 * A module that is what `expression` gives, from the first use of a member or the first call. A chunk that imports it both
 * whole and by names lists its members, which is a use.
 */
function late(expression: string) {
  return {
    code: `const real = () => ${expression}
module.exports = new Proxy(() => {}, {
  get: (_, member) => (member === '__esModule' ? false : real()[member]),
  apply: (_, self, args) => Reflect.apply(real(), self, args),
  ownKeys: () => Reflect.ownKeys(real()),
  getOwnPropertyDescriptor: () => ({configurable: true, enumerable: true}),
})
`,
    moduleType: 'js' as const,
  }
}

/**
 * What every command loads and what `token inspect --offline` loads, in one file: each further file costs half a
 * millisecond. Functions in it that nobody calls are compiled by nobody.
 */
export const GROUND = new RegExp(
  [
    'rolldown/runtime',
    'node_modules/@oclif/core/',
    'src/(errors|clock|secret|untrusted)\\.ts$',
    'src/cli/(start|base-command|tenant-command|flags|error-report|exit-codes|inspect-token|pasted-input)\\.ts$',
    'src/incident/leak\\.ts$',
    'src/tokens/(inspect|classify-jwt|jwt|pasted)\\.ts$',
    'src/auth0/scopes(-data)?\\.ts$',
    'src/config/credential-file\\.ts$',
    'src/files/read\\.ts$',
  ].join('|'),
)
