import {deepEqual, equal, ok, throws} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {describe, test} from 'node:test'

import {blindedCopy} from '../../src/report/blinding.ts'
import {cell, code, recordsText, tableLines} from '../../src/report/markdown-text.ts'
import {ustar} from '../../src/report/ustar.ts'

describe('foreign text in Markdown', () => {
  const HOSTILE = [
    '[click](https://evil.example)',
    '![](https://evil.example/pixel.png)',
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '` code ends here',
    '`` `twice` ``',
    'a | b | c',
    String.raw`a \| b`,
    '# heading',
    '\n\n# heading',
    '\u202egnp.exe',
    '\u001b]0;title\u0007',
    'https://evil.example',
    '***bold***',
    '&lt;b&gt;',
  ]

  test('is always a code span that holds all of it', () => {
    for (const text of HOSTILE) {
      const out = code(text)
      const [, fence = '', inner = ''] = /^(`+)([^]*?)\1$/.exec(out) ?? []
      ok(fence !== '' && out.startsWith(fence) && out.endsWith(fence), out)
      // no run of backticks inside is as long as the fence: the span cannot end early
      for (const run of inner.matchAll(/`+/g)) ok(run[0].length < fence.length, out)
      // oxlint-disable-next-line no-control-regex
      ok(!/[\u0000-\u001f\u202e]/.test(out), JSON.stringify(out))
    }
    equal(code(''), '(empty)')
    equal(code('a`b'), '``a`b``')
    equal(code('`a'), '`` `a ``')
  })

  test('cannot begin a cell or a row of a table', () => {
    for (const text of HOSTILE) ok(!/[|\n]/.test(cell(text)), cell(text))
    equal(tableLines(['a', 'b'], [[cell('x|y'), 'z']]).at(-1), String.raw`| ${'`'}x\u007cy${'`'} | z |`)
  })

  test('long text is cut', () => {
    ok(code('x'.repeat(10_000)).length < 400)
    ok(recordsText(Array.from({length: 500}, (_, i) => i)).length < 100)
    equal(recordsText([3]), 'record 3')
    equal(recordsText([5, 3, 3]), 'records 3, 5')
  })
})

describe('the archive', () => {
  const files = [
    {path: 'a/small', bytes: Buffer.from('one')},
    {path: `inc-20261122-zztb9c/evidence/${'f'.repeat(64)}`, bytes: Buffer.alloc(513, 7)},
    {path: `${'d'.repeat(120)}/${'n'.repeat(99)}`, bytes: Buffer.alloc(512, 1)},
    {path: 'empty', bytes: Buffer.alloc(0)},
  ]

  test("is read by the system's tar and by Python, names, sizes and bytes", (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'stanch-tar-'))
    t.after(() => rmSync(folder, {recursive: true, force: true}))
    const archive = path.join(folder, 'x.tar')
    writeFileSync(archive, ustar(files, 1_795_000_000))
    equal(statSync(archive).size % 10_240, 0)
    equal(spawnSync('tar', ['-xf', archive, '-C', folder]).status, 0)
    for (const file of files) deepEqual(readFileSync(path.join(folder, file.path)), file.bytes, file.path)
    const script =
      'import tarfile,sys,json; print(json.dumps([[m.name,m.size,m.mtime,m.mode,m.isfile()] for m in tarfile.open(sys.argv[1])]))'
    const python = spawnSync('python3', ['-c', script, archive], {encoding: 'utf8'})
    deepEqual(
      JSON.parse(python.stdout),
      files.map((file) => [file.path, file.bytes.length, 1_795_000_000, 0o444, true]),
    )
  })

  test('has the same bytes for the same files, others for other files or another order', () => {
    deepEqual(ustar(files, 1), ustar(files, 1))
    for (const other of [ustar(files, 2), ustar(files.toReversed(), 1), ustar(files.slice(1), 1)])
      ok(!other.equals(ustar(files, 1)))
  })

  test('refuses names that would leave the folder or do not fit', () => {
    for (const name of [
      '/etc/passwd',
      '../x',
      'a/../../x',
      '',
      'a b',
      'a\n',
      'é',
      'n'.repeat(101),
      `${'d'.repeat(156)}/x`,
      `a/${'n'.repeat(101)}`,
    ]) {
      throws(() => ustar([{path: name, bytes: Buffer.alloc(1)}], 1), {code: 'input.invalid'}, name)
    }
  })
})

describe('a blinded copy', () => {
  const blind = (field: string, value: string) => `<${field}:${value.length}>`
  const copyOf = (value: unknown) => {
    const copy = blindedCopy(JSON.stringify(value), blind)
    return [copy && (JSON.parse(copy.text) as unknown), copy?.replaced]
  }

  test("replaces users' ids, addresses and names wherever they stand", () => {
    deepEqual(
      copyOf({
        user_id: 'auth0|5f1',
        user_name: 'Bob',
        ip: '203.0.113.9',
        description: 'login by bob@acme.example from 203.0.113.9, retried',
        details: {
          request: {
            auth: {user: {user_id: 'auth0|1', name: 'Bob', email: 'b@acme.example'}},
            ip: '::1',
            body: ['x', 'ann@acme.example'],
          },
        },
        actor: 'google-oauth2|1122',
        address: '2001:db8::7',
        location_info: {city_name: 'Graz', latitude: 47.07},
      }),
      [
        {
          user_id: '<user_id:9>',
          user_name: '<user_name:3>',
          ip: '<ip:11>',
          description: 'login by <email:16> from <ip:11>, retried',
          details: {
            request: {
              auth: {user: {user_id: '<user_id:7>', name: '<user_name:3>', email: '<email:14>'}},
              ip: '<ip:3>',
              body: ['x', '<email:16>'],
            },
          },
          actor: '<user_id:18>',
          address: '<ip:11>',
          location_info: {city_name: '<location:4>', latitude: '<location:5>'},
        },
        14,
      ],
    )
  })

  test('leaves clients, APIs, times, versions, hashes and empty values', () => {
    const value = {
      client_id: 'aVAhPmGcBfUQePzHxsNJFyChL0ZnmJ3j',
      client_name: 'billing-sync',
      api: {name: 'Invoices API'},
      audience: 'http://127.0.0.1:34683/api/v2/',
      tenant: '127.0.0.1:34683',
      subject: 'FGiEjMKmmmxtYeitfunES2stv2I7IGek@clients',
      date: '2026-11-22T03:53:38.178Z',
      user_agent: 'curl 8.9.1 / Other 0.0.0',
      sha: 'dacbe999c876163b28f86a2ac2edd7f4',
      user_id: '',
      scope: 'read:users read:clients',
      count: 3,
      none: null,
      list: [true, 1.5],
    }
    deepEqual(copyOf(value), [value, 0])
  })

  test('finds a user id and an address in the path of a request, as it is written there', () => {
    const copy = (path: string) =>
      (JSON.parse(blindedCopy(JSON.stringify({path}), (field, value) => `<${field} ${value}>`)?.text ?? '') as {path: string})
        .path
    equal(copy('/api/v2/users/auth0%7Cabc123/roles'), '/api/v2/users/<user_id auth0|abc123>/roles')
    equal(copy('/api/v2/users/auth0|abc123'), '/api/v2/users/<user_id auth0|abc123>')
    equal(copy('/api/v2/users-by-email?email=a%40b.example&x=1'), '/api/v2/users-by-email?email=<email a@b.example>&x=1')
  })

  test('finds an address in words, whatever mark follows it, and takes no time, version or server for one', () => {
    const copy = (text: string) =>
      (JSON.parse(blindedCopy(JSON.stringify({text}), (field, value) => `<${field} ${value}>`)?.text ?? '') as {text: string})
        .text
    for (const [text, expected] of [
      ['its token was issued to 203.0.113.14: not seen before', 'its token was issued to <ip 203.0.113.14>: not seen before'],
      ['came from 203.0.113.14.', 'came from <ip 203.0.113.14>.'],
      ['203.0.113.14:51234, 203.0.113.1-203.0.113.9', '<ip 203.0.113.14>:51234, <ip 203.0.113.1>-<ip 203.0.113.9>'],
      ['its token was issued to 2001:db8::7: not seen', 'its token was issued to <ip 2001:db8::7>: not seen'],
      ['from 2001:DB8:0:1:2:3:4:5, [::ffff:203.0.113.5]', 'from <ip 2001:DB8:0:1:2:3:4:5>, [<ip ::ffff:203.0.113.5>]'],
    ] as const)
      equal(copy(text), expected)
    for (const text of [
      'at 2026-11-20T17:43:20.100Z; 17:43:20',
      'Chrome/141.0.0.0 std::string a :: b',
      'tenant 127.0.0.1:8611, https://203.0.113.5/callback',
      'SHA256 aa:bb:cc:dd:ee:ff:00:11:22:33:44:55',
      '1.2.3.4.5',
    ])
      equal(copy(text), text)
  })

  test('keeps lines as lines, and untouched ones byte for byte', () => {
    const text = '{"a": 1}\n{"ip":"203.0.113.9"}\n'
    deepEqual(blindedCopy(text, blind), {text: '{"a": 1}\n{"ip":"<ip:11>"}\n', replaced: 1})
  })

  test('of what is no JSON there is none', () => {
    for (const text of ['<html>bob@acme.example</html>', '{"a":1}\nbob@acme.example\n', 'x'])
      equal(blindedCopy(text, blind), undefined)
  })
})
