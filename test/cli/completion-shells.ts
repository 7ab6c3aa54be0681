import {equal, match, ok} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import type {TestContext} from 'node:test'

import {completionScript, SHELLS} from '../../src/cli/completion.ts'
import type {CompletedCommand, Shell} from '../../src/cli/completion.ts'
import {KNOWN_CLIENTS, rememberClients} from '../../src/cli/known-clients.ts'
import {temporaryFolder} from '../support/folder.ts'
import {ROOT} from '../support/tree.ts'
import {Pty} from '../terminal/pty.ts'

/*
 * The completion in the real shells, each in a terminal of its own: what Tab shows and what it puts on the command line.
 * Needs bash, zsh and fish. Names of clients are what somebody in the tenant wrote: none of them may ever run.
 */

const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, CompletedCommand>}

const INCIDENT = 'inc-20261122-k7m2xq'
/** Each would leave a file behind if a shell ran it. */
const NAMES = new Map([
  ['A1billing0000000000000000000000aa', 'billing-sync'],
  ['B2subshell000000000000000000000bb', '$(touch PWNED)'],
  ['C3backtick000000000000000000000cc', '`touch PWNED`'],
  ['D4quote00000000000000000000000000', "'; touch PWNED; '"],
  ['E5double0000000000000000000000000', '"; touch PWNED #'],
  ['F6lines00000000000000000000000000', 'x\ntouch PWNED\n'],
  ['G7escape0000000000000000000000000', '\u001b]0;owned\u0007\u001b[2J\rtouch PWNED'],
  ['H8glob000000000000000000000000000', '* ? [a-z] ~ !! %n \\'],
  ['I9prompt0000000000000000000000000', '%F{red}%n${(e):-$(touch PWNED)}'],
  ['J1wide000000000000000000000000000', '請求同期 😀 '],
])

const START: Readonly<Record<Shell, {args: string[]; ready: (file: string) => string}>> = {
  bash: {
    args: ['--norc', '--noprofile', '-i'],
    ready: (file) => `PS1='> '; bind 'set enable-bracketed-paste off'; source ${file}`,
  },
  zsh: {args: ['-f', '-i'], ready: (file) => `PROMPT='> '; autoload -Uz compinit; compinit -u -D; source ${file}`},
  fish: {args: ['--no-config', '-i'], ready: (file) => `function fish_prompt; echo '> '; end; source ${file}`},
}

/** What `stanch` is in these shells: it says which words reached it. */
const SAYS: Readonly<Record<Shell, string>> = {
  bash: `stanch() { printf '{%s}' "$@"; echo; }`,
  zsh: `stanch() { printf '{%s}' "$@"; echo; }`,
  fish: `function stanch; printf '{%s}' $argv; echo; end`,
}

async function shellWith(t: TestContext, shell: Shell, prepare: (cache: string) => void) {
  const folder = temporaryFolder(t)
  const cache = path.join(folder, 'cache')
  mkdirSync(path.join(folder, 'data', 'incidents', INCIDENT), {recursive: true})
  mkdirSync(path.join(folder, 'home'))
  prepare(cache)
  const file = path.join(folder, `completion.${shell}`)
  writeFileSync(file, completionScript(shell, Object.values(commands)))
  const terminal = new Pty(t, '', {
    program: `/usr/bin/${shell}`,
    args: START[shell].args,
    columns: 110,
    rows: 40,
    env: {
      HOME: path.join(folder, 'home'),
      LANG: 'C.UTF-8',
      STANCH_DATA_DIR: path.join(folder, 'data'),
      STANCH_CACHE_DIR: cache,
    },
  })
  const run = async (line: string) => {
    terminal.type(`${line}; cd ${folder}; echo "re"ady\r`)
    await terminal.see(/^ready$/m)
    terminal.type(shell === 'fish' ? 'clear\r' : "printf '\\033[H\\033[2J'\r")
    await terminal.see(/^\s*> ?\s*$/)
  }
  await run(`${SAYS[shell]}; ${START[shell].ready(file)}`)
  return {
    terminal,
    unharmed: () => ok(!existsSync(path.join(folder, 'PWNED')), 'the name of a client was run'),
  }
}

const remembered = (cache: string) => rememberClients(cache, 'real', NAMES)

for (const shell of SHELLS) {
  test(`${shell}: an id that was begun is completed, and incidents from the data folder`, async (t) => {
    const {terminal, unharmed} = await shellWith(t, shell, remembered)
    terminal.type('stanch exposure --client A1\t')
    await terminal.see(/exposure --client A1billing0{22}aa/)
    terminal.type('\r')
    await terminal.see(/\{exposure\}\{--client\}\{A1billing0{22}aa\}/)
    terminal.type('stanch incident show \t')
    await terminal.see(new RegExp(`stanch incident show ${INCIDENT}`))
    terminal.type('\r')
    await terminal.see(new RegExp(`\\{incident\\}\\{show\\}\\{${INCIDENT}\\}`))
    unharmed()
  })

  test(`${shell}: the list shows ids with their names, whatever the names are, and runs nothing`, async (t) => {
    const {terminal, unharmed} = await shellWith(t, shell, remembered)
    terminal.type('stanch client show \t\t')
    await terminal.see(/billing-sync/)
    await terminal.see(/\$\(touch PWNED\)/)
    await terminal.see(/`touch PWNED`/)
    await terminal.see(/請求同期/)
    ok(!terminal.raw.includes('\u0007\u001b[2J\rtouch'), 'what a terminal obeys came through')
    terminal.type('\u0003')
    unharmed()
  })

  test(`${shell}: a cache that somebody changed is text, too; a line that is none is left out`, async (t) => {
    const {terminal, unharmed} = await shellWith(t, shell, (cache) => {
      mkdirSync(cache)
      writeFileSync(
        path.join(cache, KNOWN_CLIENTS.real),
        `Zgood000000\tgood one\n$(touch PWNED)\tx\n;touch PWNED\n\`touch PWNED\`\tname\nZraw0000000\t$(touch PWNED)\u001b]0;owned\u0007\u001b[2J\n${'x'.repeat(70)}\tlong\n`,
      )
    })
    terminal.type('stanch grant list --client Z\t\t')
    await terminal.see(/good one/)
    await terminal.see(/Zraw0000000/)
    const screen = terminal.rows().join('\n')
    ok(!/^;touch|xxxxx/m.test(screen), screen)
    ok(!terminal.raw.includes('\u001b]0;owned'))
    terminal.type('\u0003')
    unharmed()
  })

  test(`${shell}: with nothing on this machine nothing is offered, and nothing is said`, async (t) => {
    const {terminal} = await shellWith(t, shell, () => {})
    terminal.type('stanch client show \t\tZ\r')
    await terminal.see(/\{client\}\{show\}\{Z\}/)
    ok(!/no such file|not found|no matches|awk|tail/i.test(terminal.rows().join('\n')), terminal.rows().join('\n'))
  })
}

for (const shell of ['bash', 'zsh'] as const) {
  test(`${shell}: a part of a name finds the client: its id is put there, never its name`, async (t) => {
    const {terminal, unharmed} = await shellWith(t, shell, remembered)
    terminal.type('stanch exposure --client ling-s\t')
    await terminal.see(/exposure --client A1billing0{22}aa/)
    terminal.type('\r')
    await terminal.see(/\{exposure\}\{--client\}\{A1billing0{22}aa\}/)
    terminal.type('stanch exposure --client TOUCH\t\t')
    await terminal.see(/'; touch PWNED; '/)
    terminal.type('\r')
    await terminal.see(/\{exposure\}\{--client\}\{(?:TOUCH|[B-J]\d[a-z]+0+[a-z]*)\}/)
    unharmed()
  })
}

/** What was typed stands there, then Tab and Tab: the first one prepares what the second one does. */
async function twice(terminal: Pty, line: string): Promise<void> {
  terminal.type(line)
  await terminal.see(line)
  terminal.type('\t\t')
}

for (const [typed, form] of [
  ['--client ling-s', /exposure --client A1billing0{22}aa/],
  ['--client LING-S', /exposure --client A1billing0{22}aa/],
  ['--client=ling-s', /exposure --client=A1billing0{22}aa/],
] as const)
  test(`fish: a part of a name finds the client, and with the second Tab its id takes the place of the part: ${typed}`, async (t) => {
    const {terminal, unharmed} = await shellWith(t, 'fish', remembered)
    await twice(terminal, `stanch exposure ${typed}`)
    await terminal.see(form)
    terminal.type('\r')
    await terminal.see(/\{exposure\}\{--client[=}]\{?A1billing0{22}aa\}/)
    unharmed()
  })

test('fish: a part of several names lists those clients alone; what is chosen is an id, whatever the names are', async (t) => {
  const {terminal, unharmed} = await shellWith(t, 'fish', remembered)
  await twice(terminal, 'stanch exposure --client TOUCH')
  await terminal.see(/'; touch PWNED; '/)
  await terminal.see(/\$\(touch PWNED\)/)
  ok(!/billing-sync|請求同期/.test(terminal.rows().join('\n')), 'others are in the list')
  terminal.type('\t\r')
  await terminal.see(/exposure --client [B-I]\d[a-z]+0+[a-z]*/)
  terminal.type('\r')
  await terminal.see(/\{exposure\}\{--client\}\{[B-I]\d[a-z]+0+[a-z]*\}/)
  unharmed()
})

test('fish: what was typed is a text, too: signs of patterns and of the shell find names that hold them, and nothing runs', async (t) => {
  for (const [typed, id] of [
    ['"[a-z"', undefined],
    ['[a-z', 'H8glob0{27}'],
    ['%F', 'I9prompt0{25}'],
    ['zebra', undefined],
  ] as const) {
    const {terminal, unharmed} = await shellWith(t, 'fish', remembered)
    await twice(terminal, `stanch exposure --client ${typed}`)
    if (id === undefined) terminal.type('\r')
    else {
      await terminal.see(new RegExp(`exposure --client ${id}`))
      terminal.type('\r')
    }
    await terminal.see(/\{exposure\}\{--client\}\{/)
    unharmed()
  }
})

test('fish: whoever has bound Tab keeps it', async (t) => {
  const {terminal} = await shellWith(t, 'fish', remembered)
  terminal.type('bind \\t complete; echo "bo"und\r')
  await terminal.see(/^bound$/m)
  await twice(terminal, 'stanch exposure --client ling-s')
  terminal.type('\r')
  await terminal.see(/\{exposure\}\{--client\}\{ling-s\}/)
  terminal.type('bind --user \\t\r')
  await terminal.see(/^bind \\t complete/m)
})

for (const [shell, line] of [
  ['bash', 'source "$0"'],
  ['zsh', 'autoload -Uz compinit; compinit -u -D; source "$0"'],
  ['fish', 'source $argv[1]'],
] as const)
  test(`${shell}: takes the script without a word`, (t) => {
    const folder = temporaryFolder(t)
    const file = path.join(folder, `completion.${shell}`)
    writeFileSync(file, completionScript(shell, Object.values(commands)))
    const plain = {bash: ['--norc', '--noprofile'], zsh: ['-f'], fish: ['--no-config']}[shell]
    const {status, stdout, stderr} = spawnSync(`/usr/bin/${shell}`, [...plain, '-c', line, file], {
      env: {HOME: folder, PATH: '/usr/bin:/bin'},
      encoding: 'utf8',
    })
    equal(`${status} ${stdout}${stderr}`, '0 ')
  })

test('fish: a flag that takes a file completes files, one that takes words does not', (t) => {
  const folder = temporaryFolder(t)
  const file = path.join(folder, 'completion.fish')
  writeFileSync(file, completionScript('fish', Object.values(commands)))
  writeFileSync(path.join(folder, 'leaked.txt'), '')
  const offered = (line: string) =>
    spawnSync('/usr/bin/fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file, line], {
      cwd: folder,
      env: {HOME: folder, PATH: '/usr/bin:/bin'},
      encoding: 'utf8',
    }).stdout
  match(offered('stanch token inspect --file lea'), /^leaked\.txt/m)
  equal(offered('stanch grant list --client lea'), '')
  match(offered('stanch report X --format ht'), /^html/m)
})

test('names are kept 0600, the newest first, bounded, each id once; ids that are none are left out', (t) => {
  const cache = path.join(temporaryFolder(t), 'cache')
  rememberClients(cache, 'sim', new Map(Array.from({length: 80}, (_, i) => [`c${i}`, `n${i}`])))
  rememberClients(
    cache,
    'sim',
    new Map([
      ['c7', 'new\nname'],
      ['$(id)', 'x'],
    ]),
  )
  const file = path.join(cache, KNOWN_CLIENTS.sim)
  const lines = readFileSync(file, 'utf8').split('\n')
  equal(lines.length, 51)
  match(lines[0] ?? '', /^c7\tnew\S+name$/)
  equal(lines.filter((line) => line.startsWith('c7\t')).length, 1)
  ok(!lines.some((line) => line.includes('$')))
  equal(statSync(file).mode & 0o777, 0o600)
  equal(statSync(cache).mode & 0o777, 0o700)
})
