import {deepEqual, equal, ok} from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {generateKeyPairSync} from 'node:crypto'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {describe, test} from 'node:test'

import {reportOf} from '../../src/cli/error-report.ts'
import {EXIT} from '../../src/cli/exit-codes.ts'
import {StanchError} from '../../src/errors.ts'
import type {StanchErrorCode} from '../../src/errors.ts'
import {MAIN, newHome, practiceTenant, stanch} from '../support/run-stanch.ts'
import {DOCUMENTS, problemsOf, SCHEMA_OF} from '../support/schemas.ts'
import {ROOT} from '../support/tree.ts'

const {commands} = JSON.parse(readFileSync(`${ROOT}oclif.manifest.json`, 'utf8')) as {commands: Record<string, unknown>}
const FULL = ['read:clients', 'create:clients', 'read:client_grants', 'create:client_grants']

describe('JSON results', () => {
  test('every command has a schema, and every schema a command', () => {
    deepEqual(Object.keys(SCHEMA_OF).sort(), Object.keys(commands).sort())
    deepEqual([...new Set([...Object.values(SCHEMA_OF), 'error', 'incident-report', 'notice'])].sort(), [...DOCUMENTS].sort())
  })

  test('what every command prints with --json is one document of its schema', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {leak} = tenant.practice
    const client = leak.client_id
    const leaked = `${home.folder}/leaked`
    writeFileSync(leaked, leak.value, {mode: 0o600})
    const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
    writeFileSync(`${home.folder}/public.pem`, publicKey.export({type: 'spki', format: 'pem'}))
    writeFileSync(`${home.folder}/private.pem`, privateKey.export({type: 'pkcs8', format: 'pem'}), {mode: 0o600})
    mkdirSync(`${home.folder}/out`, {mode: 0o700})
    const seen = new Set<string>()

    const run = async (id: string, argv: readonly string[] = [], options: {codes?: readonly number[]; env?: Record<string, string>; stdin?: string} = {}) => {
      const ran = await stanch(home, [...id.split(':'), ...argv, '--json'], {env: options.env ?? tenant.connection, stdin: options.stdin ?? ''})
      ok((options.codes ?? [0]).includes(ran.code), `${id}: exit ${ran.code}: ${ran.stdout.slice(0, 2000)}${ran.stderr}`)
      deepEqual(problemsOf(SCHEMA_OF[id] ?? '', ran.json()), [], id)
      seen.add(id)
      return ran.json()
    }
    const why = ['--yes', '--reason', 'contract']
    const out = (name: string) => `file:${home.folder}/out/${name}`

    await run('client:list')
    await run('client:show', [client])
    await run('grant:list', ['--client', client])
    await run('exposure', ['--client', client])
    await run('assess', ['--client', client])
    await run('token:inspect', ['--offline'], {stdin: leak.value})
    await run('token:inspect', [], {stdin: tenant.withToken(FULL)['AUTH0_API_TOKEN'] ?? ''})
    await run('token:get', ['--audience', `${tenant.origin}/api/v2/`])
    await run('plan', ['--leak', leak.kind, '--client', client, '--output', `${home.folder}/plan.json`])
    await run('respond', ['--dry-run', '--leak', leak.kind, '--client', client])
    const {incident_id: first} = await run('execute', [`${home.folder}/plan.json`, ...why, '--credential-file', leaked, '--deliver', out('executed')])
    const id = String(first)
    await run('incident:list')
    await run('incident:show', [id])
    await run('incident:note', [id, '--text', 'called the owner'])
    await run('incident:update', [id, '--done', 'remove-leak'])
    await run('secret:verify', ['--client', client, '--credential-file', leaked])
    await run('secret:deliver', ['--incident', id, '--deliver', `sealed:${home.folder}/out/sealed?to=${home.folder}/public.pem`])
    await run('secret:open', [`${home.folder}/out/sealed`, '--key', `${home.folder}/private.pem`, '--deliver', out('opened')])
    await run('resume', [id, '--yes', '--credential-file', leaked], {codes: [0, 6]})
    await run('grant:restore', ['--incident', id, ...why, '--restore-before-all-clear'], {codes: [0, 6]})
    await run('grant:delete', ['--client', client, '--all', ...why], {codes: [0, 6]})
    const other = await practiceTenant(t, home, {seed: 8})
    await run('secret:rotate', ['--client', other.practice.leak.client_id, ...why, '--deliver', out('rotated')], {codes: [0, 6], env: other.connection})
    const third = await practiceTenant(t, home, {seed: 9})
    await run('respond', ['--leak', 'client-secret', '--client', third.practice.leak.client_id, ...why, '--deliver', out('responded')], {codes: [0, 6], env: third.connection})
    const watching = await stanch(home, ['watch', id, '--exit-code', '--json'], {env: tenant.connection})
    equal(watching.code, 10, watching.stderr)
    for (const line of watching.stdout.trimEnd().split('\n')) deepEqual(problemsOf('watch', JSON.parse(line)), [], line)
    seen.add('watch')
    await run('hunt', ['--incident', id])
    await run('hunt', ['--incident', id], {env: {}})
    await run('hunt', ['--client', client, '--leaked-at', '2026-11-21T00:00:00Z', '--known', '198.51.100.0/24'])
    await run('audit:reconcile', ['--incident', id, '--wait'])
    await run('audit:reconcile', ['--incident', id], {codes: [0, 6]})
    await run('audit:anchor', ['--simulated'])
    await run('audit:anchor', ['--simulated', '--ref', 'ticket 42'])
    const bob = newHome(t)
    const byBob = async (argv: readonly string[], stdin = '') => (await stanch(bob, [...argv, '--simulated', '--json'], {stdin})).json() as Record<string, string>
    const {message} = await run('audit:witness:request', ['--simulated'])
    const {vkey} = await run('audit:key:show', ['--simulated'])
    const cosigned = await byBob(['audit', 'witness', 'sign', '-', '--vkey', String(vkey)], String(message))
    deepEqual(problemsOf('audit-witness-sign', cosigned), [])
    seen.add('audit:witness:sign')
    await run('audit:witness:add', ['-', '--simulated', '--vkey', cosigned['witness_vkey'] ?? ''], {stdin: cosigned['line'] ?? ''})
    await run('incident:approve', ['--plan-hash', 'a'.repeat(64), '--simulated'])
    const approved = await byBob(['incident', 'approve', id, '--plan-hash', String(JSON.parse(readFileSync(`${home.folder}/plan.json`, 'utf8')).plan_hash)])
    await run('incident:approve', [id, '--add', approved['line'] ?? '', '--vkey', approved['vkey'] ?? ''])
    await run('audit:show', ['--simulated'])
    await run('audit:export', ['--format', 'ocsf', '--incident', id, '-o', `${home.folder}/out/exported`])
    await run('audit:verify', ['--simulated'])
    await run('report', [id])
    for (const form of ['html', 'json', 'text', 'chat', 'status']) await run('report', [id, '--format', form, '--view', 'auditor'])
    await run('report', [id, '--format', 'html', '--view', 'partner', '-o', `${home.folder}/partner.html`])
    await run('bundle', [id, '--output', `${home.folder}/bundle`])
    await run('bundle', [id, '--tar', '--blind', '--to', 'audit', '--output', `${home.folder}/bundle.tar`])
    await run('audit:key:show', ['--simulated'])
    const waived = ['--waived-by', 'Alice', '--reason', 'contract']
    await run('incident:close', [id, '--disposition', 'accepted'], {codes: [6]})
    await run('incident:close', [id, '--disposition', 'accepted', '--cause', 'contract', ...['manual.tell-owner', 'manual.deploy-new-secret'].flatMap((item) => ['--waive', item]), ...waived], {codes: [0, 6]})
    await run('audit:key:rotate', ['--simulated'])
    await run('audit:key:rotate', ['--simulated', '--new-log', '--reason', 'contract'])
    await run('setup', ['assess', ...why, '--deliver', out('setup')], {env: tenant.withToken(FULL)})
    await run('drill', ['--yes', '--report', `${home.folder}/score.html`])
    await run('doctor')
    await run('doctor', [], {env: {}})
    await run('faq')
    await run('runbook:list')
    await run('runbook:show', ['management-token'])
    await run('runbook:lint', [`${ROOT}runbooks/client-secret.md`])
    await run('runbook:lint', [`${ROOT}README.md`], {codes: [2]})
    await run('profile:add', ['drill', '--domain', tenant.origin, '--client-id', 'abc', '--secret-ref', 'env:A'])
    await run('profile:list')
    await run('profile:show', ['drill'])
    await run('profile:remove', ['drill'])
    await run('completion', ['zsh'])
    seen.add('simulator:start')
    deepEqual([...seen].sort(), Object.keys(commands).sort())
  })

  test('simulator start prints one document of its schema when it is ready', async (t) => {
    const home = newHome(t)
    const child = spawn(process.execPath, [MAIN, 'simulator', 'start', '--json'], {env: {...home.env}, stdio: ['ignore', 'pipe', 'ignore']})
    t.after(() => void child.kill('SIGKILL'))
    let text = ''
    for await (const part of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      text += part
      if (text.endsWith('}\n')) break
    }
    deepEqual(problemsOf('simulator-start', JSON.parse(text)), [])
  })

  test('what fails before there is a plan is an error document', async (t) => {
    for (const argv of [['dril'], ['respond', '--nope'], ['client', 'list'], ['resume'], ['execute', './nowhere.json'], ['runbook', 'show', 'nope'], ['profile', 'show', 'nope']]) {
      const ran = await stanch(newHome(t), [...argv, '--json'])
      ok(ran.code > 0, argv.join(' '))
      const document = ran.json()
      deepEqual(problemsOf('error', document), [], argv.join(' '))
      equal((document['error'] as {exit: number}).exit, ran.code)
    }
  })

  test('every error code gives an error document', () => {
    for (const code of Object.keys(EXIT) as StanchErrorCode[]) {
      deepEqual(problemsOf('error', {error: reportOf(new StanchError(code, 'said', {hint: 'do'}), 'inc-20261122-abcdef')}), [], code)
    }
  })
})

describe('the schemas reject', () => {
  const proof = {claim: 'old_secret_refused', verdict: 'proven', probes: 3, basis: 'b'}
  const action = {kind: 'client_secret.rotate', target: 'client:abc', outcome: 'done', undo: 'none'}
  const exposure = {client_id: 'abc', computed_at: '2026-11-22T03:00:00Z', audiences: [], all_clear: {state: 'open', worst_case_at: '2026-11-22T03:00:00Z', basis: 'b'}, evidence_gaps: []}
  const audit = {records: 1, size: 1, root_hash: 'a'.repeat(64), checkpoint: 'c'}
  const result = {
    incident_id: 'inc-20261122-abcdef', status: 'contained', simulated: true, tenant: 'acme', client: {client_id: 'abc', name: ''}, leak: 'client-secret',
    plan_hash: 'a'.repeat(64), actions: [action], proof: [proof], exposure, evidence_gaps: [], audit, next: [],
  }

  test('nothing of a sound result', () => deepEqual(problemsOf('incident-result', result), []))

  for (const [what, document] of [
    ['contained beside an unproven claim', {...result, proof: [proof, {...proof, verdict: 'not_proven'}]}],
    ['contained without a proof', {...result, proof: []}],
    ['contained with an action in doubt', {...result, actions: [{...action, outcome: 'in_doubt'}]}],
    ['contained without a record', {...result, audit: undefined}],
    ['a plan of which something was done', {...result, status: 'planned'}],
    ['a verdict that is not in the vocabulary', {...result, status: 'partial', proof: [{...proof, verdict: 'probably'}]}],
    ['an instant without a zone', {...result, actions: [{...action, at: '2026-11-22T03:00:00'}]}],
    ['a member that nobody promised', {...result, secret: 'x'}],
    ['a fingerprint that is a plain hash', {...result, delivery: {sink: 'file:/x', result: 'ok', fingerprint: 'a'.repeat(64)}}],
    ['no evidence gaps at all', {...result, evidence_gaps: undefined}],
  ] as const) {
    test(what, () => ok(problemsOf('incident-result', JSON.parse(JSON.stringify(document))).length > 0))
  }

  for (const [name, what, document] of [
    ['client-list', 'a client with its secret', {clients: [{client_id: 'abc', client_secret: 'x'}]}],
    ['error', 'an error with more than its named members', {error: {code: 'internal', message: 'm', exit: 1, stack: 'at'}}],
    ['error', 'an exit status that is not in the table', {error: {code: 'internal', message: 'm', exit: 9}}],
    ['doctor', 'a check without a verdict', {ok: 'ok', tenant: null, simulated: null, operator: null, capabilities: [], checks: Array.from({length: 5}, () => ({check: 'x', detail: 'y'}))}],
    ['profile', 'a profile with a value', {name: 'prod', domain: 'acme', client_secret: 'hunter2'}],
    ['drill', 'a drill with a change that nobody recorded', {...result, score: {scenario: 's', attacker: {}, consumer: {}, rotations: 1, changes_without_intent: 1, seconds: 1}}],
    ['faq', 'no answer', {tenant: null, answers: []}],
    ['simulator-start', 'a secret beside the client id', {origin: 'http://127.0.0.1:1', scenario: 's', operator: {client_id: 'a', client_secret: 'b'}, env_file: 'f', leak: {kind: 'k', client_id: 'c', file: 'f'}}],
  ] as const) {
    test(`${name}: ${what}`, () => ok(problemsOf(name, document).length > 0))
  }
})
