import {deepEqual, equal, ok, throws} from 'node:assert/strict'
import {suite, test} from 'node:test'

import {StanchError} from '../../src/errors.ts'
import {scannerFindings} from '../../src/tokens/scanner.ts'

const SECRET = 'x9'.repeat(32)
const CLIENT = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'

/** As pkg/output/json.go of TruffleHog writes a finding of its Auth0 detector. */
const truffle = (more: Record<string, unknown> = {}) =>
  JSON.stringify({
    SourceMetadata: {
      Data: {
        Git: {
          commit: '0123456789abcdef0123',
          file: 'deploy/.env',
          email: 'a@b',
          repository: 'https://git.example/app',
          timestamp: 't',
          line: 12,
        },
      },
    },
    SourceID: 1,
    SourceType: 16,
    SourceName: 'trufflehog - git',
    DetectorType: 900,
    DetectorName: 'Auth0oauth',
    DecoderName: 'PLAIN',
    Verified: true,
    Raw: SECRET,
    RawV2: CLIENT + SECRET,
    Redacted: CLIENT,
    ExtraData: null,
    StructuredData: null,
    ...more,
  })

const shield = (match: string, more: Record<string, unknown> = {}) => ({
  id: 'scan',
  type: 'path_scan',
  entities_with_incidents: [
    {
      mode: 'FILE',
      filename: 'src/auth.ts',
      incidents: [
        {
          policy: 'Secrets detection',
          type: 'Auth0 Keys',
          validity: 'valid',
          occurrences: [
            {match: CLIENT, type: 'client_id', line_start: 3, line_end: 3},
            {match, type: 'client_secret', line_start: 4, line_end: 4},
          ],
          total_occurrences: 1,
        },
      ],
    },
  ],
  ...more,
})

const sarif = (region: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  version: '2.1.0',
  runs: [
    {
      tool: {driver: {name: 'gitleaks'}},
      results: [
        {
          ruleId: 'auth0-client-secret',
          message: {text: 'found'},
          locations: [{physicalLocation: {artifactLocation: {uri: 'a/b.js'}, region}}],
        },
      ],
    },
  ],
  ...more,
})

suite('findings of a scanner', () => {
  test('TruffleHog: value, client beside it, place, and its own verdict', () => {
    deepEqual(scannerFindings(truffle()), {
      scanner: 'trufflehog',
      findings: [
        {
          value: SECRET,
          detector: 'Auth0oauth',
          places: ['https://git.example/app deploy/.env:12 @0123456789ab'],
          verified: true,
          client_id: CLIENT,
        },
      ],
      without_value: 0,
    })
  })
  test('TruffleHog: a token of a tenant that it names; equal values become one, with both places', () => {
    const token = (file: string) =>
      truffle({
        DetectorName: 'Auth0ManagementApiToken',
        Raw: 'eyJ.a.b',
        Redacted: 'acme.eu.auth0.com',
        SourceMetadata: {Data: {Filesystem: {file}}},
      })
    const log = '{"level":"info-0","ts":"t","logger":"trufflehog","msg":"finished scanning"}'
    const {findings} = scannerFindings([token('one'), '', log, token('two'), ''].join('\n'))
    deepEqual(
      findings.map(({tenant, places, client_id}) => [tenant, places, client_id]),
      [['acme.eu.auth0.com', ['one', 'two'], undefined]],
    )
  })
  test('ggshield: the client id is no finding of its own, nested scans are read, masked values are counted', () => {
    const open = scannerFindings(JSON.stringify(shield(SECRET)))
    deepEqual(open.findings, [
      {value: SECRET, detector: 'Auth0 Keys', places: ['src/auth.ts:4'], verified: true, client_id: CLIENT},
    ])
    equal(
      scannerFindings(JSON.stringify({id: 'r', type: 'repo', scans: [shield(SECRET), {scans: [shield('other'.repeat(9))]}]}))
        .findings.length,
      2,
    )
    deepEqual(scannerFindings(JSON.stringify(shield(`x9${'*'.repeat(20)}x9`))), {
      scanner: 'ggshield',
      findings: [],
      without_value: 1,
    })
  })
  test('SARIF: the snippet is the value; a place alone is counted', () => {
    const found = scannerFindings(JSON.stringify(sarif({startLine: 7, snippet: {text: `secret = "${SECRET}"`}})))
    deepEqual(found.findings, [{value: `secret = "${SECRET}"`, detector: 'auth0-client-secret', places: ['a/b.js:7']}])
    equal(scannerFindings(JSON.stringify(sarif({startLine: 7}))).without_value, 1)
  })
  test('nothing found is no finding', () => {
    deepEqual(scannerFindings(JSON.stringify({entities_with_incidents: []})).findings, [])
    deepEqual(scannerFindings(JSON.stringify({version: '2.1.0', runs: []})).findings, [])
    deepEqual(scannerFindings('').findings, [])
  })

  for (const [what, text, code] of [
    ['a bare secret', SECRET, 'input.invalid'],
    ['JSON of something else', '{"results":[]}', 'input.invalid'],
    ['a list', `[${truffle()}]`, 'input.invalid'],
    ['a line that is cut', `${truffle()}\n${truffle().slice(0, -5)}`, 'input.invalid'],
    ['a line of another tool', `${truffle()}\n{"a":1}`, 'input.invalid'],
    ['a Raw that is no text', truffle({Raw: 12}), 'input.invalid'],
    ['an older SARIF', JSON.stringify(sarif({}, {version: '2.0.0'})), 'input.invalid'],
    ['SARIF whose results are no list', JSON.stringify({version: '2.1.0', runs: [{results: {}}]}), 'input.invalid'],
    ['ggshield whose incidents are no list', JSON.stringify({entities_with_incidents: [{incidents: 'x'}]}), 'input.invalid'],
    [
      'scans without an end',
      JSON.stringify(Array.from({length: 12}).reduce<object>((inner) => ({scans: [inner]}), {})),
      'input.invalid',
    ],
    ['a value of 65 KiB', truffle({Raw: 'x'.repeat(65 * 1024 + 1)}), 'input.too_large'],
    [
      'more than 1,000 values',
      Array.from({length: 1001}, (_, n) => truffle({Raw: `${SECRET}${n}`})).join('\n'),
      'input.too_large',
    ],
    ['more than 8 MiB', ' '.repeat(8 * 1024 * 1024 + 1), 'input.too_large'],
  ] as const) {
    test(`refused: ${what}, and its content is not repeated`, () => {
      throws(
        () => scannerFindings(text),
        (error) => {
          ok(error instanceof StanchError)
          equal(error.code, code)
          ok(!`${error.message} ${error.hint ?? ''}`.includes(SECRET))
          return true
        },
      )
    })
  }
})
