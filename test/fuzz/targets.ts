import {ok, equal, deepEqual} from 'node:assert/strict'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import fc from 'fast-check'

import {parseJson} from '../../src/auth0/json.ts'
import {parseOrigin} from '../../src/auth0/origin.ts'
import {parseClientGrant} from '../../src/auth0/resources/client-grant.ts'
import {parseClient} from '../../src/auth0/resources/client.ts'
import {parseClientCredential} from '../../src/auth0/resources/credential.ts'
import {parseLogEntry} from '../../src/auth0/resources/log-entry.ts'
import {parseOrganization} from '../../src/auth0/resources/organization.ts'
import {readList} from '../../src/auth0/resources/reading.ts'
import {parseResourceServer} from '../../src/auth0/resources/resource-server.ts'
import {parseGranted} from '../../src/auth0/token-endpoint.ts'
import {parseMoment} from '../../src/cli/moment.ts'
import {parseDuration, parseRfc3339} from '../../src/clock.ts'
import {listProfiles} from '../../src/config/profile.ts'
import {parseReference} from '../../src/config/reference.ts'
import {parseSink} from '../../src/delivery/sink.ts'
import {incidentsOf} from '../../src/execution/record-mapping.ts'
import {parsePlanFile, planFileText} from '../../src/incident/plan-file.ts'
import {recordLines} from '../../src/report/audit-lines.ts'
import {examineRunbook} from '../../src/runbooks/parse.ts'
import {looksLikeSecret, withoutSecretShapes} from '../../src/secret.ts'
import {inspectText} from '../../src/tokens/inspect.ts'
import {verifySignature} from '../../src/tokens/verify.ts'
import {parseCheckpoint} from '../../src/trail/format/checkpoint.ts'
import {parseRecord} from '../../src/trail/format/record.ts'
import {verifySlice} from '../../src/trail/format/slice.ts'
import {LogVerifier} from '../../src/trail/format/verify.ts'
import {leafHash} from '../../src/trail/format/record.ts'
import {parseVkey} from '../../src/trail/format/vkey.ts'
import {printable, quoted, safeJson} from '../../src/untrusted.ts'
import {aPlan} from '../incident/facts.ts'
import {shippedText} from '../support/runbooks.ts'
import {notText} from '../support/tty.ts'
import {ROOT} from '../support/tree.ts'
import {b64, CANARY, jsonWith, kept, MEMBERS, mutated, piece, value} from './inputs.ts'
import type {Target} from './inputs.ts'
import {LOG_TARGETS} from './log-targets.ts'
import {PASTED_TARGETS} from './pasted-targets.ts'

const VECTORS = JSON.parse(readFileSync(`${ROOT}test/vectors/jose/vectors.json`, 'utf8')) as {
  issuer: string
  jwks: unknown
  vectors: {token: string}[]
}
const TOKENS = VECTORS.vectors.map(({token}) => token)
const claims = jsonWith(['iss', 'sub', 'aud', 'exp', 'iat', 'azp', 'gty', 'scope', 'scopes', 'permissions', 'client_id', 'jti'])
const header = jsonWith(['alg', 'typ', 'kid', 'jwk', 'jku', 'x5u', 'crit', 'b64', 'cty'])
const token = fc.oneof(
  mutated(TOKENS),
  fc.tuple(header, claims, piece).map(([head, body, signature]) => `${b64(head)}.${b64(body)}.${b64(signature)}`),
  fc.tuple(header, claims).map(([head, body]) => `${b64(head)}.${body}`),
)
const pasted = fc
  .tuple(
    fc.constantFrom(
      '',
      'Bearer ',
      'Authorization: Basic ',
      'AUTH0_CLIENT_SECRET=',
      '{"client_secret":"',
      'export TOKEN="',
      'curl -H "Authorization: Bearer ',
      '-----BEGIN PRIVATE KEY-----\n',
      '-----BEGIN RSA PRIVATE KEY-----',
      '{"kty":"RSA","d":"',
      '{"keys":[',
      'v1.',
      'tok_',
      'cgr_',
    ),
    fc.oneof(token, piece, fc.string({minLength: 30, maxLength: 80})),
    fc.constantFrom('', '"', '"}', '\n', ']}', '\n-----END PRIVATE KEY-----'),
  )
  .map((parts) => parts.join(''))

const LOG = `${ROOT}test/vectors/trail/stanch-audit-1/`
const LINES = readFileSync(`${LOG}records/000000000000.jsonl`, 'utf8').split('\n').slice(0, -1)
const NOTE = readFileSync(`${LOG}checkpoint`, 'utf8')
const {vkey: VKEY = ''} = JSON.parse(LINES[0] ?? '{}') as {vkey?: string}
const RUNBOOKS = ['client-secret', 'management-token'].map(shippedText)
const YAML = [
  '&a [1,2]',
  '*a',
  '!!js/function "x"',
  '!!binary aGk=',
  '<<: *a',
  '? x',
  '__proto__: {x: 1}',
  'constructor: 1',
  '- - - - -',
  '{a: {b: {c: 1}}}',
  '0x1f',
  '1e3',
  '.inf',
  '~',
  '%YAML 1.1',
  '---',
  '...',
  '"\\u0000"',
  '|\n  x',
  '>-',
  'a: &x [*x]',
  '\t',
  '#',
  "'",
]
const runbook = fc.oneof(
  mutated(RUNBOOKS),
  fc
    .tuple(
      fc.array(
        fc.oneof(
          fc.constantFrom(...YAML),
          fc.constantFrom(
            'format: 1',
            'id: ours',
            'version: 1',
            'title: x',
            'leak: client-secret',
            'steps:',
            '  - id: off',
            '    action: client_grant.delete',
            '    args: {subject: client}',
            'stop_when: [in_doubt]',
          ),
          piece,
        ),
        {maxLength: 14},
      ),
      piece,
    )
    .map(([lines, page]) => `---\n${lines.join('\n')}\n---\n# x\n\n## off: x\n\n${page}\n`),
)

let scratch: string | undefined
/** A file that is written again for each run. */
function scratchFile(): string {
  if (scratch === undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), 'stanch-fuzz-'))
    process.once('exit', () => rmSync(folder, {recursive: true, force: true}))
    scratch = path.join(folder, 'profiles.json')
  }
  return scratch
}

export const TARGETS: readonly Target[] = [
  {
    name: 'token intake',
    input: token,
    run: (text) => {
      const found = inspectText(text)
      const [, , signature = ''] = text.trim().split('.')
      // what is said of a token never holds what makes it work
      if (signature.length >= 16 && found.format === 'jwt')
        ok(!JSON.stringify(found).includes(signature) || found.claims !== undefined)
      ok(['certain', 'likely', 'guess'].includes(found.confidence))
    },
  },
  {
    name: 'classifier',
    input: pasted,
    run: (text) => {
      const found = inspectText(text)
      if (found.format === 'secret' || found.format === 'opaque') ok(!JSON.stringify(found).includes(CANARY))
    },
  },
  {
    name: 'signature',
    weight: 0.05,
    input: token,
    run: async (text) => {
      const {verdict, reason} = await verifySignature(text, VECTORS.jwks, {issuer: VECTORS.issuer})
      if (verdict === 'valid') ok(TOKENS.includes(text), 'a forgery was believed')
      equal(notText(reason), undefined)
    },
  },
  {
    name: 'JSON of the tenant',
    input: fc.oneof(jsonWith(MEMBERS), fc.json(), mutated(['{"a":{"b":[1,"x"]}}', '[{"a":1},{"a":2}]'])),
    run: (text) => {
      const parsed = parseJson(Buffer.from(text))
      if ('problem' in parsed) ok(!parsed.problem.includes(CANARY))
      else deepEqual(parsed.value, JSON.parse(Buffer.from(text).toString()))
    },
  },
  {name: 'client', input: jsonWith(MEMBERS), run: (text) => kept(parseClient(value(text)))},
  {name: 'client grant', input: jsonWith(MEMBERS), run: (text) => kept(parseClientGrant(value(text)))},
  {name: 'credential', input: jsonWith(MEMBERS), run: (text) => kept(parseClientCredential(value(text)))},
  {name: 'organization', input: jsonWith(MEMBERS), run: (text) => kept(parseOrganization(value(text)))},
  {name: 'resource server', input: jsonWith(MEMBERS), run: (text) => kept(parseResourceServer(value(text)))},
  {
    name: 'log page',
    input: fc.oneof(
      jsonWith(MEMBERS),
      fc.array(jsonWith(MEMBERS), {maxLength: 3}).map((all) => `[${all.join(',')}]`),
      mutated([
        '[{"log_id":"1","date":"2026-11-22T03:00:00.000Z","type":"seccft","details":{"request":{"method":"get","auth":{"user":{"email":"x"}}}}}]',
      ]),
    ),
    run: (text) => kept(readList(value(text), 'logs', parseLogEntry)),
  },
  {
    name: 'runbook',
    weight: 0.2,
    quotes: true,
    input: runbook,
    run: async (text) => {
      const {runbook: made, problems} = await examineRunbook(text)
      ok(made !== undefined || problems.length > 0)
      for (const {message} of problems) equal(notText(message), undefined, message)
      if (made) kept(made.steps.map(({args}) => Object.keys(args)))
    },
  },
  {
    name: 'plan file',
    weight: 0.3,
    input: fc.oneof(
      mutated([planFileText(aPlan())]),
      jsonWith([
        'plan_hash',
        'plan',
        'version',
        'mode',
        'tenant',
        'leak',
        'client_id',
        'runbook',
        'steps',
        'stop_when',
        'action',
        'args',
        'id',
        'target',
      ]),
    ),
    run: (text) => {
      const made = parsePlanFile(text)
      deepEqual(parsePlanFile(planFileText(made)), made)
    },
  },
  {
    name: 'profiles',
    weight: 0.1,
    input: fc.oneof(
      mutated(['{"version":1,"profiles":{"prod":{"domain":"acme.eu.auth0.com","client_id":"x","client_secret":"env:X"}}}']),
      jsonWith(['version', 'profiles', 'prod', 'domain', 'client_id', 'client_secret', 'token', 'private_key']),
    ),
    run: (text) => {
      writeFileSync(scratchFile(), text, {mode: 0o600})
      for (const [name] of listProfiles(scratchFile())) ok(/^[a-z0-9-]{1,32}$/.test(name))
    },
  },
  {
    name: 'reference',
    weight: 2,
    input: fc.oneof(mutated(['env:NAME', 'file:/run/secrets/x', 'exec:op read x', 'exec:["a","b"]']), piece),
    run: (text) => void parseReference(text, 'client_secret of the profile x'),
  },
  {
    name: 'sink',
    weight: 2,
    quotes: true,
    input: fc.oneof(mutated(['file:/run/x', 'exec:vault kv put x -', 'sealed:/x?to=/y', 'prompt', 'exec:["a"]']), piece),
    run: (text) => {
      const sink = parseSink(text, '/somewhere')
      if (sink.kind === 'file' || sink.kind === 'sealed') ok(path.isAbsolute(sink.path) && !/\p{Cc}/u.test(sink.path))
    },
  },
  {
    name: 'origin',
    weight: 2,
    quotes: true,
    input: fc.oneof(
      mutated(['acme.eu.auth0.com', 'https://login.example', 'http://127.0.0.1:3000', 'http://[::1]:80/']),
      piece,
      fc.webUrl(),
      fc.domain(),
    ),
    run: (text) => {
      const made = parseOrigin(text)
      const url = new URL(made.origin)
      equal(url.origin, made.origin)
      ok(url.protocol === 'https:' || made.loopback)
      ok(text.toLowerCase().includes(url.hostname), 'another host than was written')
      deepEqual(parseOrigin(made.origin), made)
    },
  },
  {
    name: 'moments and durations',
    weight: 3,
    quotes: true,
    input: fc.oneof(
      mutated(['2026-11-22T03:00:00Z', '2h ago', '14:05 utc', 'unknown', '40s', '30d', '2026-02-30T00:00:00+01:00']),
      piece,
    ),
    run: (text) => {
      const at = parseMoment(text, 1_763_780_400)
      if (typeof at === 'number') ok(Number.isSafeInteger(at))
      const seconds = parseDuration(text)
      if (seconds !== undefined) ok(seconds >= 0 && seconds <= 90 * 86_400)
      const instant = parseRfc3339(text)
      if (instant !== undefined) ok(Number.isSafeInteger(instant))
    },
  },
  {
    name: 'trail record',
    input: fc.oneof(mutated(LINES), jsonWith(['v', 'seq', 'prev', 'salt', 'time', 'kind'])),
    run: (text) => {
      // what was read from a file is well-formed
      const line = text.toWellFormed()
      const record = parseRecord(line)
      equal(JSON.stringify(record), line)
      for (const shown of recordLines(record, 'sim')) equal(notText(shown), undefined)
    },
  },
  {
    name: 'trail replay',
    weight: 0.3,
    input: fc.array(mutated(LINES), {maxLength: 9}).map((lines) => lines.join('\n')),
    run: (text) => {
      const records = text
        .toWellFormed()
        .split('\n')
        .flatMap((line) => {
          try {
            return [parseRecord(line)]
          } catch {
            return []
          }
        })
      incidentsOf(records)
    },
  },
  {
    name: 'trail verifier',
    weight: 0.05,
    input: fc.tuple(mutated([LINES.join('\n')]), mutated([NOTE])).map((parts) => parts.join('\u0000')),
    run: (text) => {
      const [body = '', note = ''] = text.toWellFormed().split('\u0000')
      const verifier = new LogVerifier({}, {name: 'checkpoint', text: note}, [])
      for (const line of body.split('\n')) verifier.add(line, leafHash(line))
      const {ok: fine, findings} = verifier.finish()
      if (fine) equal(body, LINES.join('\n'), 'a changed log was verified')
      else ok(findings.length > 0)
    },
  },
  {
    name: 'trail slice',
    weight: 0.1,
    input: fc.tuple(mutated([LINES.join('\n')]), piece, mutated([NOTE])).map((parts) => parts.join('\u0000')),
    run: (text) => {
      const [records = '', proofs = '', checkpoint = ''] = text.toWellFormed().split('\u0000')
      ok(!verifySlice({records, proofs, checkpoint}).ok, 'a slice without proofs was verified')
    },
  },
  {
    name: 'checkpoint',
    weight: 2,
    quotes: true,
    input: fc.oneof(mutated([NOTE]), piece),
    run: (text) => {
      const made = parseCheckpoint(text)
      equal(made.text, text)
      ok(Number.isSafeInteger(made.size) && /^[0-9a-f]{64}$/.test(made.root))
    },
  },
  {name: 'verifier key', quotes: true, input: fc.oneof(mutated([VKEY]), piece), run: (text) => equal(parseVkey(text).text, text)},
  {
    name: 'printable',
    weight: 2,
    input: fc.oneof(
      fc.string({unit: 'binary', maxLength: 300}),
      fc.array(piece, {maxLength: 10}).map((all) => all.join('')),
    ),
    run: (text) => {
      for (const made of [
        printable(text),
        printable(text, Infinity),
        printable(text, 10),
        quoted(text),
        safeJson({[text]: text}, 2),
      ])
        equal(notText(made), undefined)
      equal(printable(printable(text, Infinity), Infinity), printable(text, Infinity))
      ok(printable(text, 10).length <= 10)
      equal(quoted(text).split('"').length, 3)
      deepEqual(JSON.parse(safeJson([text])), [text])
    },
  },
  {
    name: 'secret shapes',
    weight: 3,
    input: fc
      .array(
        fc.oneof(
          piece,
          fc.constantFrom(
            ...TOKENS.slice(0, 4),
            'eyJ',
            '.',
            '-----BEGIN ',
            'RSA PRIVATE KEY-----',
            '-----END ',
            '-----BEGIN PRIVATE KEY-----',
          ),
        ),
        {maxLength: 8},
      )
      .map((all) => all.join('')),
    run: (text) => {
      const made = withoutSecretShapes(text)
      ok(!looksLikeSecret(made), 'something secret-shaped is left')
      equal(withoutSecretShapes(made), made)
      if (!looksLikeSecret(text)) equal(made, text)
    },
  },
  ...PASTED_TARGETS,
  ...LOG_TARGETS,
  // The last: each token that it takes is a secret to look for in every error from then on.
  {
    name: 'granted token',
    input: fc.oneof(
      jsonWith(MEMBERS),
      mutated([`{"access_token":"${TOKENS[0]}","expires_in":86400,"token_type":"Bearer","scope":"read:users"}`]),
    ),
    run: (text) => void parseGranted(value(text), 1),
  },
]
