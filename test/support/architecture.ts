import {posix} from 'node:path'
import {builtinModules} from 'node:module'

import {parseSync} from 'rolldown/utils'

/** A file of `src/`, by its path from the project's root with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface Violation {
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly wall: Wall
  readonly detail: string
}

export type Wall =
  | 'nothing seen'
  | 'syntax'
  | 'unknown room'
  | 'room'
  | 'outside src'
  | 'missing file'
  | 'test'
  | 'dev'
  | 'extension'
  | 'package home'
  | 'builtin home'
  | 'computed import'
  | 'barrel'
  | 'bare error'
  | 'impure'

/** The files every room may use. They use nothing but each other (and pino in the logger). */
export const GROUND = ['errors.ts', 'clock.ts', 'secret.ts', 'untrusted.ts', 'logger.ts']

/** Who may import whom, besides the ground and itself. A room is found by its longest prefix. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'files': [],
  'tokens': [],
  'auth0/resources': [],
  'trail/format': [],
  'trail': ['trail/format', 'files'],
  'config': ['files'],
  'delivery': ['files', 'tokens'],
  'auth0': ['auth0/resources', 'tokens'],
  'incident': ['tokens', 'auth0/resources'],
  'runbooks': ['incident', 'files'],
  'report': ['incident', 'trail/format'],
  'execution': ['incident', 'auth0', 'auth0/resources', 'tokens', 'trail', 'trail/format', 'delivery'],
  // what runs in a reader's browser: built apart, imported by nobody
  'page': ['trail/format'],
  'terminal': ['execution', 'incident', 'report'],
  'simulator': ['auth0/resources'],
  'cli': [
    'files',
    'tokens',
    'auth0/resources',
    'trail/format',
    'trail',
    'config',
    'delivery',
    'auth0',
    'incident',
    'runbooks',
    'report',
    'execution',
    'terminal',
    'simulator',
  ],
  'commands': ['cli', 'incident', 'execution', 'report', 'runbooks', 'tokens', 'trail', 'trail/format', 'auth0/resources'],
}

/** Rooms that read no clock, randomness, environment, disk or network. */
export const PURE_ROOMS = ['tokens', 'auth0/resources', 'incident', 'trail/format', 'report']

/** Packages and where they live: rooms, or single files. What is not listed has no home. */
export const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  '@inquirer/prompts': ['terminal'],
  '@noble/hashes': ['page'],
  '@oclif/core': ['main.ts', 'cli', 'commands'],
  'jose': ['tokens', 'simulator'],
  'node-forge': ['simulator'],
  'pino': ['logger.ts', 'trail'],
  'undici': ['auth0', 'simulator'],
  'valibot': ['auth0/resources', 'runbooks', 'config', 'incident/plan-file.ts'],
  'yaml': ['runbooks', 'config'],
}

const EVERYWHERE = ['*']
const NOT_PURE = ['not pure']

/** The same for Node's own modules. `*` is everywhere, `not pure` everywhere but in the pure rooms. */
export const BUILTIN_HOMES: Readonly<Record<string, readonly string[]>> = {
  'node:buffer': EVERYWHERE,
  'node:crypto': EVERYWHERE,
  'node:path': EVERYWHERE,
  'node:url': EVERYWHERE,
  'node:util': EVERYWHERE,
  'node:events': NOT_PURE,
  'node:stream': NOT_PURE,
  'node:stream/promises': NOT_PURE,
  'node:string_decoder': NOT_PURE,
  'node:zlib': NOT_PURE,
  'node:os': ['files', 'config', 'cli', 'main.ts'],
  'node:fs': ['files', 'main.ts'],
  'node:fs/promises': ['files', 'main.ts'],
  'node:sqlite': ['files'],
  'node:child_process': ['delivery', 'config'],
  'node:http': ['simulator', 'delivery/webhook.ts'],
  'node:https': ['simulator', 'delivery/webhook.ts'],
  'node:inspector': ['cli/environment-gaps.ts'],
  'node:net': ['auth0', 'simulator', 'trail/copy-socket.ts', 'cli/known-addresses.ts'],
  'node:tls': ['auth0', 'simulator', 'trail/copy-socket.ts'],
  'node:readline': ['terminal'],
  'node:readline/promises': ['terminal'],
  'node:tty': ['terminal', 'cli'],
  'node:module': ['main.ts', 'cli'],
  'node:v8': ['cli'],
  'node:process': NOT_PURE,
  'node:timers': NOT_PURE,
  'node:timers/promises': NOT_PURE,
  'node:perf_hooks': NOT_PURE,
}

/** The one file that may gather others: the closed list of actions. */
const BARREL = 'src/incident/actions/index.ts'

/** Checks all files against every wall of the house. Files that cannot be parsed are violations, not skipped. */
export function checkArchitecture(files: readonly SourceFile[], least = 1): Violation[] {
  const violations: Violation[] = []
  if (files.length < least) {
    violations.push({path: 'src', line: 1, wall: 'nothing seen', detail: `saw ${files.length} files, expected at least ${least}`})
  }
  const known = new Set(files.map((file) => file.path))
  for (const file of files) if (file.path.endsWith('.ts')) violations.push(...checkFile(file, known))
  return violations
}

/** `auth0/resources` for `src/auth0/resources/client.ts`; the file's own name on the top floor; undefined outside. */
export function roomOf(path: string): string | undefined {
  const inside = /^src\/(.+)$/.exec(path)?.[1]
  if (inside === undefined) return undefined
  if (!inside.includes('/')) return inside
  const rooms = [...Object.keys(ROOMS), 'dev'].filter((room) => inside.startsWith(`${room}/`))
  return rooms.sort((a, b) => b.length - a.length)[0]
}

interface Import {
  readonly specifier: string
  readonly dynamic: boolean
  readonly line: number
}

interface AstNode {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

function checkFile(file: SourceFile, known: ReadonlySet<string>): Violation[] {
  const violations: Violation[] = []
  const report = (at: number, wall: Wall, detail: string) =>
    violations.push({path: file.path, line: lineAt(file.text, at), wall, detail})
  const room = roomOf(file.path)
  if (room === undefined || (room.endsWith('.ts') && room !== 'main.ts' && !GROUND.includes(room))) {
    report(0, 'unknown room', `no room of the house holds ${file.path}`)
    return violations
  }
  const parsed = parseSync(file.path, file.text, {lang: 'ts', sourceType: 'module'})
  for (const error of parsed.errors) report(0, 'syntax', error.message)
  if (parsed.errors.length > 0) return violations

  const imports: Import[] = []
  const program = parsed.program as unknown as AstNode
  const add = (node: AstNode, specifier: string, dynamic: boolean) => imports.push({specifier, dynamic, line: node.start})
  walk(program, undefined, (node, parent) => {
    collectImports(node, add, report)
    checkErrors(node, report)
    if (PURE_ROOMS.includes(room)) checkPurity(node, parent, room, report)
  })
  checkBarrel(program, file.path, report)
  for (const one of imports) checkImport(one, file.path, room, known, report)
  return violations
}

type Report = (at: number, wall: Wall, detail: string) => void

function collectImports(node: AstNode, add: (node: AstNode, specifier: string, dynamic: boolean) => void, report: Report): void {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'TSImportType': {
      const specifier = literal(node['source'])
      if (specifier !== undefined) add(node, specifier, node.type === 'TSImportType')
      return
    }
    case 'ImportExpression': {
      const specifier = literal(node['source'])
      if (specifier === undefined)
        report(node.start, 'computed import', 'import() takes a literal here, so that this test and the bundler can see it')
      else add(node, specifier, true)
      return
    }
    case 'TSExternalModuleReference': {
      const specifier = literal(node['expression'])
      if (specifier !== undefined) add(node, specifier, false)
      return
    }
    case 'CallExpression': {
      const name = calledName(node['callee'])
      if (name !== 'require' && name !== 'getBuiltinModule' && name !== 'createRequire') return
      if (name === 'createRequire')
        return void report(node.start, 'computed import', 'createRequire hides imports from this test')
      const specifier = literal((node['arguments'] as unknown[])[0])
      if (specifier === undefined) report(node.start, 'computed import', `${name}() takes a literal here`)
      else add(node, specifier.includes(':') || name === 'require' ? specifier : `node:${specifier}`, true)
      return
    }
  }
}

function checkImport(one: Import, path: string, room: string, known: ReadonlySet<string>, report: Report): void {
  const {specifier, line} = one
  if (room === 'dev') return
  if (specifier.startsWith('.')) return checkRelative(one, path, room, known, report)
  if (specifier.startsWith('/') || /^(file|data|https?):/.test(specifier))
    return report(line, 'outside src', `imports ${specifier}`)
  if (specifier.startsWith('node:')) {
    const homes = BUILTIN_HOMES[specifier]
    if (homes === undefined)
      return report(line, 'builtin home', `${specifier} has no home yet: decide on one in test/support/architecture.ts`)
    if (room === 'page') return report(line, 'builtin home', `${specifier} is not in a browser`)
    const allowed = homes === EVERYWHERE || (homes === NOT_PURE && !PURE_ROOMS.includes(room)) || isHome(homes, path, room)
    if (!allowed) report(line, 'builtin home', `${specifier} does not live in ${room}`)
    return
  }
  if (builtinModules.includes(specifier)) return report(line, 'builtin home', `write node:${specifier}`)
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const homes = PACKAGE_HOMES[name]
  if (homes === undefined) return report(line, 'package home', `${name} has no home`)
  if (!isHome(homes, path, room)) report(line, 'package home', `${name} lives in ${homes.join(', ')}, not in ${room}`)
}

function checkRelative(one: Import, path: string, room: string, known: ReadonlySet<string>, report: Report): void {
  const {specifier, dynamic, line} = one
  const target = posix.normalize(posix.join(posix.dirname(path), specifier))
  if (target.startsWith('test/')) return report(line, 'test', `imports ${target}`)
  if (!target.startsWith('src/')) {
    // the package's own description is data that the composition root may read
    if (target === 'package.json' && ['main.ts', 'cli'].includes(room)) return
    return report(line, 'outside src', `imports ${target}`)
  }
  if (!/\.(ts|json)$/.test(target)) return report(line, 'extension', `${specifier} must end in .ts`)
  if (!known.has(target)) return report(line, 'missing file', `${target} does not exist`)
  const other = roomOf(target)
  if (other === undefined) return report(line, 'unknown room', `${target} is in no room`)
  if (other === 'dev') return report(line, 'dev', `${target} is for building only`)
  if (other === room) return
  if (GROUND.includes(other)) return
  if (GROUND.includes(room)) return report(line, 'room', `the ground imports ${other}`)
  if (room === 'main.ts') {
    if (other !== 'cli' || !dynamic) report(line, 'room', `main.ts imports errors, and cli by import(); not ${target}`)
    return
  }
  if (!(ROOMS[room] ?? []).includes(other)) report(line, 'room', `${room} may not import ${other}`)
}

/** What somebody catches must have a code: bare errors reach a terminal as stacks. */
function checkErrors(node: AstNode, report: Report): void {
  const thrown = node.type === 'ThrowStatement' ? node['argument'] : rejected(node)
  const made = thrown as AstNode | undefined
  if (made?.type !== 'NewExpression' && made?.type !== 'CallExpression') return
  const name = calledName(made['callee'])
  if (
    name !== undefined &&
    /^(Error|TypeError|RangeError|SyntaxError|EvalError|URIError|ReferenceError|AggregateError)$/.test(name)
  ) {
    report(node.start, 'bare error', `throws ${name}; use StanchError with a code`)
  }
}

function rejected(node: AstNode): unknown {
  if (node.type !== 'CallExpression') return undefined
  return calledName(node['callee']) === 'reject' ? (node['arguments'] as unknown[])[0] : undefined
}

/** A file that only passes on what others hold makes every importer load all of it. */
function checkBarrel(program: AstNode, path: string, report: Report): void {
  if (path === BARREL) return
  if (path.endsWith('/index.ts')) report(0, 'barrel', 'index.ts: name the file after what it holds')
  const body = program['body'] as AstNode[]
  for (const node of body) if (node.type === 'ExportAllDeclaration') report(node.start, 'barrel', 'export * passes everything on')
  const passesOn = (node: AstNode) => node.type === 'ExportNamedDeclaration' && literal(node['source']) !== undefined
  if (body.length > 0 && body.every((node) => passesOn(node))) report(0, 'barrel', 'holds nothing of its own')
}

/** Names that read the machine, its clock or its chance. Calls of methods called so are found too, see MEMBERS. */
const GLOBALS = new Set([
  'process',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'globalThis',
  'global',
  'console',
  'WebSocket',
  'EventSource',
  'navigator',
  'Temporal',
  'localStorage',
  'sessionStorage',
  'eval',
  'Function',
])
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  Math: ['random'],
  AbortSignal: ['timeout'],
  Intl: [],
}
const CHANCE = [
  'randomBytes',
  'randomUUID',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
  'generateKeyPair',
  'generateKeyPairSync',
]

function checkPurity(node: AstNode, parent: Parent | undefined, room: string, report: Report): void {
  if (
    node.type === 'Identifier' &&
    GLOBALS.has(String(node['name'])) &&
    isReference(node, parent) &&
    !isBuiltinLookUp(node, parent)
  ) {
    report(node.start, 'impure', `${room} is pure and may not use ${String(node['name'])}`)
  }
  if (node.type === 'MemberExpression') {
    const object = node['object'] as AstNode
    const name = object.type === 'Identifier' ? String(object['name']) : ''
    const member = memberName(node)
    if (member !== undefined && MEMBERS[name]?.includes(member))
      report(node.start, 'impure', `${room} is pure and may not use ${name}.${member}`)
    if (name === 'Date' && node['computed'] === true && member === undefined)
      report(node.start, 'impure', 'a computed member of Date')
  }
  const made = node.type === 'NewExpression' || node.type === 'CallExpression'
  if (made && calledName(node['callee']) === 'Date' && (node['callee'] as AstNode).type === 'Identifier') {
    const reads = node.type === 'CallExpression' || (node['arguments'] as unknown[]).length === 0
    if (reads) report(node.start, 'impure', `${room} is pure: it is told the time and may not read it`)
  }
  // signing and sealing need chance of their own; that is what the room of tokens is for
  if (room !== 'tokens' && node.type === 'ImportSpecifier' && CHANCE.includes(String((node['imported'] as AstNode)['name']))) {
    report(node.start, 'impure', `${room} is pure and may not draw lots`)
  }
  if (room !== 'tokens' && node.type === 'MemberExpression' && CHANCE.includes(memberName(node) ?? '')) {
    report(node.start, 'impure', `${room} is pure and may not draw lots`)
  }
}

/** `process.getBuiltinModule('node:...')` is an import that runs late, and is judged as one. */
function isBuiltinLookUp(node: AstNode, parent: Parent | undefined): boolean {
  return node['name'] === 'process' && parent?.node.type === 'MemberExpression' && memberName(parent.node) === 'getBuiltinModule'
}

interface Parent {
  readonly node: AstNode
  readonly key: string
}

/** False where an identifier is only the name of a member, a key, a parameter's type or the like. */
function isReference(node: AstNode, parent: Parent | undefined): boolean {
  if (!parent) return true
  const {node: above, key} = parent
  if (above.type === 'MemberExpression' && key === 'property') return above['computed'] === true
  if ((above.type === 'Property' || above.type === 'PropertyDefinition' || above.type === 'MethodDefinition') && key === 'key') {
    return above['computed'] === true || (above['shorthand'] === true && above['value'] === node)
  }
  if (
    above.type.startsWith('TS') &&
    above.type !== 'TSAsExpression' &&
    above.type !== 'TSNonNullExpression' &&
    above.type !== 'TSSatisfiesExpression'
  ) {
    return above.type === 'TSTypeQuery'
  }
  return !['ImportSpecifier', 'ExportSpecifier', 'LabeledStatement', 'BreakStatement', 'ContinueStatement'].includes(above.type)
}

function walk(node: AstNode, parent: Parent | undefined, visit: (node: AstNode, parent: Parent | undefined) => void): void {
  visit(node, parent)
  for (const [key, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && typeof (child as AstNode).type === 'string')
        walk(child as AstNode, {node, key}, visit)
    }
  }
}

/** The text of a string literal or of a template without holes. */
function literal(node: unknown): string | undefined {
  const one = node as AstNode | null | undefined
  if (one?.type === 'Literal' && typeof one['value'] === 'string') return one['value']
  if (one?.type !== 'TemplateLiteral') return undefined
  const quasis = one['quasis'] as {value: {cooked: string}}[]
  return quasis.length === 1 ? quasis[0]?.value.cooked : undefined
}

/** `x` for `x()` and for `a.b.x()`. */
function calledName(callee: unknown): string | undefined {
  const node = callee as AstNode
  if (node.type === 'Identifier') return String(node['name'])
  return node.type === 'MemberExpression' ? memberName(node) : undefined
}

function memberName(node: AstNode): string | undefined {
  const property = node['property'] as AstNode
  return node['computed'] === true ? literal(property) : String(property['name'])
}

function isHome(homes: readonly string[], path: string, room: string): boolean {
  return homes.some((home) => (home.endsWith('.ts') ? path === `src/${home}` : home === room))
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
