import {equal, match, ok} from 'node:assert/strict'
import {test} from 'node:test'
import {EXIT} from '../../src/cli/exit-codes.ts'
import {reportLines, reportOf} from '../../src/cli/error-report.ts'
import {StanchError} from '../../src/errors.ts'
import type {StanchErrorCode} from '../../src/errors.ts'
import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'

/** A command line, what its error must say, and what must stand under it as the next step. */
const WRONG: readonly (readonly [argv: string[], says: RegExp, next: RegExp])[] = [
  [
    ['secret', 'verify', '--client', 'x', '--verify-window', '3x'],
    /^Error: --verify-window: This must be a duration such as 40s, 5m or 1h\.$/m,
    /next: See: stanch secret verify --help$/m,
  ],
  [
    ['respond', '--yes', '--leaked-at', 'tomorrow'],
    /^Error: --leaked-at: This must be an RFC 3339 instant .*, or unknown\.$/m,
    /next: See: stanch respond --help$/m,
  ],
  [
    ['respond', '--aware-at', '12'],
    /^Error: --aware-at: This must be an RFC 3339 instant/m,
    /next: See: stanch respond --help$/m,
  ],
  [
    ['respond', '--leaked-at', 'soon', '--verify-window', 'long'],
    /^Error: --(leaked-at|verify-window): This must be/m,
    /next: See: stanch respond --help$/m,
  ],
  [
    ['respond', '--max-actions', 'many'],
    /^Error: --max-actions: Expected an integer but received: \[not shown\]$/m,
    /next: See: stanch respond --help\. If a secret stood/m,
  ],
  [
    ['respond', '--leak', 'bogus'],
    /^Error: Expected --leak=\[not shown\] to be one of: client-secret/m,
    /next: See: stanch respond --help/m,
  ],
  [['grant', 'list', '--nope'], /^Error: Nonexistent flag: --nope$/m, /next: See: stanch grant list --help$/m],
  [['client', 'show'], /^Error: Missing 1 required arg/m, /next: Look it up: stanch client list$/m],
  [['report'], /^Error: Missing 1 required arg/m, /next: Look it up: stanch incident list$/m],
  [['incident', 'close'], /^Error: Missing 1 required arg/m, /next: Look it up: stanch incident list$/m],
  [['profile', 'show'], /^Error: Missing 1 required arg/m, /next: Look it up: stanch profile list$/m],
  [['execute', 'nothing.json'], /^Error: nothing.json cannot be read/m, /next: See: stanch execute --help$/m],
  [['audit', 'verify', '--known', 'none'], /^Error: none cannot be read/m, /next: See: stanch audit verify --help$/m],
  [['execute'], /^Error: Missing 1 required arg/m, /next: See: stanch execute --help$/m],
  [
    ['hunt', 'inc-20261122-abc234'],
    /^Error: There is no command "hunt inc-20261122-abc234"\.$/m,
    /next: Did you mean: stanch hunt --incident inc-20261122-abc234\?$/m,
  ],
  [['client', 'list', 'inc-20261122-abc234'], /^Error: /m, /next: See: stanch(?: client list)? --help/m],
  [['grnt', 'list'], /^Error: There is no command "grnt list"\.$/m, /next: Did you mean: stanch grant list\?$/m],
]

for (const [argv, says, next] of WRONG) {
  test(`stanch ${argv.join(' ')}: one clean sentence, the next step, exit 2`, async (t) => {
    const ran = await stanch(newHome(t), argv)
    equal(ran.code, 2)
    equal(ran.stdout, '')
    match(ran.stderr, says)
    match(ran.stderr, next)
    ok(!/\\u00|See more help|Parsing/.test(ran.stderr), ran.stderr)
  })
}

test('an application that is not there: exit 2, and how to find the right one', async (t) => {
  const home = newHome(t)
  const {connection} = await practiceTenant(t, home)
  const ran = await stanch(home, ['exposure', '--client', 'nope'], {env: connection})
  equal(ran.code, 2)
  match(ran.stderr, /next: See what there is: stanch client list$/m)
})

test('as JSON the same sentence stands in the document', async (t) => {
  const ran = await stanch(newHome(t), ['respond', '--json', '--verify-window', '3x'])
  equal(ran.code, 2)
  const {error} = ran.json() as {error: {message: string; hint: string}}
  equal(error.message, '--verify-window: This must be a duration such as 40s, 5m or 1h.')
  equal(error.hint, 'See: stanch respond --help')
})

test('an error that knows no next step itself proposes a command all the same, whatever its code', () => {
  for (const code of Object.keys(EXIT) as StanchErrorCode[])
    for (const incident of [undefined, 'inc-20261122-abc234']) {
      const last = reportLines(reportOf(new StanchError(code, 'It went wrong.'), incident, 'secret rotate')).at(-1) ?? ''
      match(last, /^ {2}next: .*\bstanch [a-z]+/, code)
      if (incident !== undefined && EXIT[code] !== 2) match(last, /stanch incident show inc-20261122-abc234$/)
    }
  const own = reportOf(new StanchError('E_DISK', 'It went wrong.', {hint: 'Do this.'}), undefined, 'secret rotate')
  equal(own.hint, 'Do this.')
})
