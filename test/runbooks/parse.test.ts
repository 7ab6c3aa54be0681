import {deepEqual, equal, match, ok, rejects} from 'node:assert/strict'
import {hash} from 'node:crypto'
import {describe, test} from 'node:test'

import {lintRunbook} from '../../src/runbooks/lint.ts'
import {parseRunbook} from '../../src/runbooks/parse.ts'
import {runbookText} from '../support/runbooks.ts'

describe('a runbook file', () => {
  test('gives its steps in the order of the file, with their lines and defaults', async () => {
    const text = runbookText({
      steps:
        '  - id: keep\n    action: tenant_log.save\n    args: {entries: 10}\n  - id: off\n    action: client_grant.delete\n    when: grants_off\n    args: {subject: client, audience: leaked}',
      page: '# Ours\n\n## keep: Keep\n\nKeep the log.\n\n## off: Off\n\nSwitch it off.\n\n### By hand\n\nClick.',
    })
    const runbook = await parseRunbook(text, 'ours')
    deepEqual(runbook.steps, [
      {id: 'keep', action: 'tenant_log.save', when: 'always', args: {entries: 10}, line: 9},
      {id: 'off', action: 'client_grant.delete', when: 'grants_off', args: {subject: 'client', audience: 'leaked'}, line: 12},
    ])
    equal(runbook.sections['keep'], 'Keep the log.')
    match(runbook.sections['off'] ?? '', /### By hand/)
    deepEqual(runbook.stop_when, ['trail_not_written', 'in_doubt'])
  })

  test('is hashed as it stands in the file', async () => {
    const unix = runbookText()
    const windows = unix.replaceAll('\n', '\r\n')
    equal((await parseRunbook(unix, 'x')).sha256, hash('sha256', unix, 'hex'))
    equal((await parseRunbook(windows, 'x')).sha256, hash('sha256', windows, 'hex'))
    deepEqual((await parseRunbook(windows, 'x')).steps, (await parseRunbook(unix, 'x')).steps)
  })

  test('may hold headings inside code, which are code', async () => {
    const page = '# Ours\n\n## off: Off\n\n```sh\n## a shell comment\n```\n\n~~~~\n```\n## more code\n~~~~\n\nDone.'
    const runbook = await parseRunbook(runbookText({page}), 'x')
    deepEqual(Object.keys(runbook.sections), ['off'])
  })

  test('that is wrong is refused with its name, the line and the number of further problems', async () => {
    const text = runbookText({steps: '  - id: off\n    action: shell.run\n  - id: on\n    action: nope'})
    await rejects(parseRunbook(text, './ours.md'), {
      code: 'runbook.invalid',
      message: /^"\.\/ours\.md" line 10: Unknown action shell\.run\..*\(and \d+ more\)$/,
    })
  })
})

const STEP = '  - id: off\n    action: client_grant.delete\n    args: {subject: client}'
const FRONT = 'format: 1\nid: ours\nversion: 1\ntitle: Ours\nleak: client-secret\nstop_when: [trail_not_written, in_doubt]'

/** `[what, text, line, message]`: each is refused, on that line, for that reason. */
const REFUSED: readonly (readonly [string, string, number | undefined, RegExp])[] = [
  ['nothing', '', 1, /begins with YAML front matter/],
  ['no front matter', '# Ours\n', 1, /begins with YAML front matter/],
  ['front matter that never ends', '---\nformat: 1\n', 1, /between two lines/],
  ['a byte order mark', `\ufeff${runbookText()}`, 1, /invisible/],
  [
    'a file that is too large',
    runbookText({page: `# Ours\n\n## off: Off\n\n${'x'.repeat(300_000)}`}),
    undefined,
    /larger than 256 KiB/,
  ],
  ['a tab', runbookText({page: '# Ours\n\n## off: Off\n\n\tcode'}), 17, /tab, a control character/],
  ['a terminal escape', runbookText({page: '# Ours\n\n## off: Off\n\n\u001b[31mred'}), 17, /control character/],
  ['text that reads backwards', runbookText({page: '# Ours\n\n## off: Off\n\na\u202eb'}), 17, /invisible/],
  ['broken YAML', runbookText({front: `${FRONT}\nx: [1`}), 9, /Not valid YAML/],
  ['a duplicate key', runbookText({front: `${FRONT}\ntitle: Other`}), 8, /Not valid YAML.*unique/],
  ['an anchor', runbookText({front: FRONT.replace('Ours', '&a Ours')}), 5, /Anchors/],
  ['an anchor on a map', runbookText({steps: '  - &s\n    id: off\n    action: exposure'}), 10, /Anchors/],
  [
    'an alias',
    runbookText({front: FRONT.replace('Ours', '&a Ours').replace('version: 1', 'version: *a')}),
    4,
    /Aliases|Not valid YAML/,
  ],
  ['a tag', runbookText({front: FRONT.replace('Ours', '!!str Ours')}), 5, /Tags/],
  ["a tag of one's own", runbookText({front: FRONT.replace('Ours', '!run Ours')}), 5, /Tags|Not valid YAML/],
  ['a tag on a list', runbookText({steps: '  !!seq\n  - id: off\n    action: exposure'}), 10, /Tags/],
  ['a merge key', runbookText({steps: '  - id: off\n    action: exposure\n    <<: {when: always}'}), 11, /<< is not allowed/],
  ['__proto__', runbookText({front: `${FRONT}\n__proto__: {a: 1}`}), 8, /__proto__ is not allowed/],
  [
    'constructor',
    runbookText({steps: '  - id: off\n    action: exposure\n    args: {constructor: x}'}),
    11,
    /constructor is not allowed/,
  ],
  ['prototype', runbookText({front: `${FRONT}\nprototype: x`}), 8, /prototype is not allowed/],
  ['a step called constructor', runbookText({steps: '  - id: constructor\n    action: exposure'}), 9, /step id constructor/],
  ['a key that is no text', runbookText({front: `${FRONT}\n1: x`}), 8, /key must be plain text/],
  ['a key that is a list', runbookText({front: `${FRONT}\n[a, b]: x`}), 8, /key must be plain text|Not valid YAML/],
  ['a second document', runbookText({front: `${FRONT}\n...\nmore: x`}), 9, /Not valid YAML/],
  ['a directive', runbookText({front: `%TAG ! tag:x,2026:\n${FRONT}`}), 3, /Not valid YAML/],
  ['a missing value', runbookText({front: FRONT.replace(' Ours', '')}), 5, /value is missing/],
  ['a value that is null', runbookText({front: FRONT.replace('Ours', 'null')}), 5, /value is missing/],
  ['a hexadecimal number', runbookText({front: FRONT.replace('version: 1', 'version: 0x1')}), 4, /whole decimal/],
  ['a number with an exponent', runbookText({front: FRONT.replace('version: 1', 'version: 1e2')}), 4, /whole decimal/],
  ['a number that is not', runbookText({front: FRONT.replace('version: 1', 'version: .nan')}), 4, /whole decimal/],
  ['a nest of lists', runbookText({front: `${FRONT}\nx: [[[[[[[[1]]]]]]]]`}), 8, /deeper than/],
  ['a very deep nest', runbookText({front: `${FRONT}\nx: ${'['.repeat(30_000)}${']'.repeat(30_000)}`}), undefined, /deep|YAML/],
  ['an unknown member', runbookText({front: `${FRONT}\nshell: rm`}), 8, /has no shell/],
  ['another format', runbookText({front: FRONT.replace('format: 1', 'format: 2')}), 2, /format must be/],
  ['no format', runbookText({front: FRONT.replace('format: 1\n', '')}), 2, /format must be/],
  ['version 0', runbookText({front: FRONT.replace('version: 1', 'version: 0')}), 4, /version must be/],
  ['an id with a slash', runbookText({front: FRONT.replace('id: ours', 'id: ../ours')}), 2, /id .* must be/],
  ['an unknown leak', runbookText({front: FRONT.replace('client-secret', 'client_secret')}), 6, /Unknown kind of leak/],
  [
    'a title of two lines',
    runbookText({front: FRONT.replace('title: Ours', 'title: |\n  a\n  b')}),
    5,
    /title must be text of one line/,
  ],
  ['steps that are no list', `---\n${FRONT}\nsteps: {}\n---\n# Ours\n`, 8, /steps must be a list/],
  ['no steps', `---\n${FRONT}\n---\n# Ours\n`, 2, /steps must be a list/],
  ['a step that is no map', runbookText({steps: '  - off'}), 9, /step must be a map/],
  ['an unknown member of a step', runbookText({steps: `${STEP}\n    run: rm`}), 12, /A step has no run/],
  ['an unknown action', runbookText({steps: '  - id: off\n    action: shell.run'}), 10, /Unknown action shell\.run/],
  [
    'an action that is not for runbooks',
    runbookText({steps: '  - id: off\n    action: client_grant.restore'}),
    10,
    /Unknown action/,
  ],
  ['an action called toString', runbookText({steps: '  - id: off\n    action: toString'}), 10, /Unknown action/],
  ['an unknown condition', runbookText({steps: `${STEP}\n    when: 1 == 1`}), 12, /Unknown condition/],
  ['an expression as condition', runbookText({steps: `${STEP}\n    when: "{{ grants_off }}"`}), 12, /Unknown condition/],
  ['an unknown argument', runbookText({steps: STEP.replace('client}', 'client, force: true}')}), 11, /has no force/],
  ['a missing argument', runbookText({steps: '  - id: off\n    action: client_grant.delete'}), 9, /needs the argument subject/],
  [
    'an argument of the wrong kind',
    runbookText({steps: '  - id: off\n    action: tenant_log.save\n    args: {entries: many}'}),
    11,
    /whole number from 1 to 1000/,
  ],
  [
    'an argument out of bounds',
    runbookText({steps: '  - id: off\n    action: tenant_log.save\n    args: {entries: 1001}'}),
    11,
    /whole number from 1 to 1000/,
  ],
  ['an argument outside its list', runbookText({steps: STEP.replace('client}', 'everybody}')}), 11, /one of: client, user/],
  [
    'a list with an unknown name',
    runbookText({steps: '  - id: off\n    action: verify\n    args: {claims: [all]}'}),
    11,
    /list of different names/,
  ],
  [
    'a list that says a name twice',
    runbookText({steps: '  - id: off\n    action: verify\n    args: {claims: [grants_absent, grants_absent]}'}),
    11,
    /list of different names/,
  ],
  [
    'an empty list',
    runbookText({steps: '  - id: off\n    action: verify\n    args: {claims: []}'}),
    11,
    /list of different names/,
  ],
  ['args that are no map', runbookText({steps: '  - id: off\n    action: verify\n    args: x'}), 11, /args must be a map/],
  ['two steps with one id', runbookText({steps: `${STEP}\n${STEP}`}), 12, /already used on line 9/],
  [
    'more steps than anybody reads',
    runbookText({steps: Array.from({length: 51}, (_, i) => `  - {id: s${i}, action: exposure}`).join('\n')}),
    9,
    /at most 50/,
  ],
  [
    'two rotations',
    runbookText({steps: ['r1', 'r2'].map((id) => `  - {id: ${id}, action: client_secret.rotate}`).join('\n')}),
    10,
    /at most once/,
  ],
  [
    'a rotation nobody receives',
    runbookText({steps: '  - {id: off, action: client_secret.rotate}'}),
    9,
    /nobody has the new secret/,
  ],
  [
    'a delivery before the rotation',
    runbookText({steps: '  - {id: off, action: secret.deliver}\n  - {id: r, action: client_secret.rotate}'}),
    9,
    /after the rotation/,
  ],
  [
    'a delivery under another condition',
    runbookText({steps: '  - {id: off, action: client_secret.rotate, when: rotate_wanted}\n  - {id: d, action: secret.deliver}'}),
    10,
    /condition of the rotation/,
  ],
  ['changes that do not stop when in doubt', runbookText({front: FRONT.replace(', in_doubt', '')}), 7, /must list in_doubt/],
  [
    'changes that never stop',
    runbookText({front: FRONT.replace('\nstop_when: [trail_not_written, in_doubt]', '')}),
    2,
    /must list trail_not_written/,
  ],
  ['an unknown reason to stop', runbookText({front: FRONT.replace('in_doubt]', 'in_doubt, bored]')}), 7, /stop_when must be/],
  ['a step without section', runbookText({page: '# Ours'}), 9, /step off has no section/],
  ['a section without step', runbookText({page: '# Ours\n\n## off: Off\n\nx\n\n## on: On\n\nx'}), 19, /No step has the id on/],
  ['a section twice', runbookText({page: '# Ours\n\n## off: Off\n\nx\n\n## off: Off\n\nx'}), 19, /already a section/],
  ['a section that says nothing', runbookText({page: '# Ours\n\n## off: Off\n'}), 15, /says nothing/],
  [
    'a heading that belongs to no step',
    runbookText({page: '# Ours\n\n## Notes\n\nx\n\n## off: Off\n\nx'}),
    15,
    /must read "## step-id: title"/,
  ],
  ['code that never ends', runbookText({page: '# Ours\n\n## off: Off\n\n```sh\nrm'}), 17, /never closed/],
]

describe('a runbook is refused for', () => {
  for (const [what, text, line, message] of REFUSED) {
    test(what, async () => {
      const problems = await lintRunbook(text)
      const found = problems.find((problem) => message.test(problem.message))
      ok(found, JSON.stringify(problems))
      if (line !== undefined) equal(found.line, line, JSON.stringify(problems))
      await rejects(parseRunbook(text, 'x'), {code: 'runbook.invalid'})
    })
  }

  test('all problems at once, in the order of the lines', async () => {
    const problems = await lintRunbook(
      runbookText({
        front: FRONT.replace('version: 1', 'version: 0'),
        steps: '  - id: off\n    action: nope',
        page: '# Ours\n\n## Notes',
      }),
    )
    const lines = problems.map((problem) => problem.line ?? 0)
    ok(problems.length >= 3)
    deepEqual(
      lines,
      [...lines].sort((a, b) => a - b),
    )
  })
})
