import {deepEqual, equal, ok} from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {readFileSync} from 'node:fs'
import path from 'node:path'

import fc from 'fast-check'

import {notifyName, parseNotify} from '../../src/delivery/notify.ts'
import {openSealed, sealTo} from '../../src/tokens/jwe.ts'
import {MAX_FINDINGS_FILE, scannerFindings} from '../../src/tokens/scanner.ts'
import {verifySignature} from '../../src/tokens/verify.ts'
import {readApproval, signApproval} from '../../src/trail/format/approval.ts'
import {consistencyMessage, parseConsistencyMessage} from '../../src/trail/format/consistency-message.ts'
import {signerOf} from '../../src/trail/format/signer.ts'
import {ED25519} from '../../src/trail/format/vkey.ts'
import {notText} from '../support/tty.ts'
import {ROOT} from '../support/tree.ts'
import {b64, CANARY, jsonWith, mutated, piece, value} from './inputs.ts'
import type {Target} from './inputs.ts'

/* Doors for what a person pastes, or hands over in a file or a flag. */

const TRUFFLE = JSON.stringify({
  SourceMetadata: {Data: {Git: {commit: 'c0ffee', file: 'billing/.env', repository: 'git@acme', line: 3}}},
  DetectorName: 'Auth0ManagementApiToken',
  Verified: true,
  Raw: CANARY.padEnd(64, 'x'),
  Redacted: 'acme.eu.auth0.com',
})
const SHIELD = JSON.stringify({
  scans: [
    {
      entities_with_incidents: [
        {
          filename: 'a/.env',
          incidents: [
            {
              type: 'Auth0 Keys',
              validity: 'valid',
              occurrences: [{match: CANARY.padEnd(64, 'y'), type: 'client_secret', line_start: 2}],
            },
          ],
        },
      ],
    },
  ],
})
const SARIF = JSON.stringify({
  version: '2.1.0',
  runs: [
    {
      results: [
        {
          ruleId: 'auth0',
          locations: [
            {
              physicalLocation: {
                artifactLocation: {uri: 'a/.env'},
                region: {startLine: 2, snippet: {text: CANARY.padEnd(64, 'z')}},
              },
            },
          ],
        },
      ],
    },
  ],
})
const findings = jsonWith([
  'DetectorName',
  'Raw',
  'Redacted',
  'Verified',
  'SourceMetadata',
  'Data',
  'file',
  'line',
  'commit',
  'runs',
  'results',
  'ruleId',
  'locations',
  'physicalLocation',
  'region',
  'snippet',
  'text',
  'version',
  'entities_with_incidents',
  'incidents',
  'occurrences',
  'scans',
  'match',
  'type',
  'level',
  'msg',
])

const OWNER = generateKeyPairSync('ec', {namedCurve: 'P-256'})
const OWNER_KEY = OWNER.privateKey.export({type: 'pkcs8', format: 'pem'}) as string
const DELIVERED = 'the new secret of the client'
const SEALED = await sealTo(OWNER.publicKey.export({type: 'spki', format: 'pem'}) as string, DELIVERED)

const VECTORS = JSON.parse(readFileSync(`${ROOT}test/vectors/jose/vectors.json`, 'utf8')) as {
  issuer: string
  jwks: {keys: unknown[]}
  vectors: {token: string}[]
}
const TOKEN = VECTORS.vectors.find(({token}) => token.split('.').length === 3)?.token ?? ''
const MODULI = (VECTORS.jwks.keys as {n?: string}[]).flatMap(({n}) => (n === undefined ? [] : [n]))

const LOG = `${ROOT}test/vectors/trail/stanch-audit-1/`
const NOTE = readFileSync(`${LOG}checkpoint`, 'utf8')
const APPROVER = signerOf('approver.example', ED25519, generateKeyPairSync('ed25519').privateKey)
const APPROVAL = {
  incident: 'inc-20261122-abc123',
  plan_sha256: 'a'.repeat(64),
  kind: 'before',
  time: '2026-11-22T03:00:00Z',
} as const
const APPROVED = signApproval(APPROVAL, APPROVER)

export const PASTED_TARGETS: readonly Target[] = [
  {
    name: 'scanner findings',
    input: fc.oneof(
      mutated([TRUFFLE, `${TRUFFLE}\n${TRUFFLE}`, SHIELD, SARIF, '{"level":"info","msg":"running"}']),
      findings,
      fc.array(findings, {maxLength: 3}).map((all) => all.join('\n')),
    ),
    run: (text) => {
      const found = scannerFindings(text)
      ok(text.length <= MAX_FINDINGS_FILE)
      equal(new Set(found.findings.map((one) => one.value)).size, found.findings.length, 'one value is two findings')
      for (const {value, places, detector, client_id, tenant} of found.findings) {
        ok(value.trim() !== '' && value.isWellFormed())
        ok(places.length <= 20 && places.every((place) => place.length <= 300) && detector.length <= 100)
        ok(client_id === undefined || /^[\w-]+$/.test(client_id))
        ok(tenant === undefined || /^[a-z0-9.-]+\.auth0\.com$/.test(tenant))
      }
    },
  },
  {
    name: 'who is notified',
    input: fc.oneof(
      mutated([
        'exec:node notify.mjs',
        'exec:["node","x y"]',
        'webhook:https://hooks.chat.example/T0/B0/xyz',
        'webhook:http://127.0.0.1:9/x',
        'webhook:http://localhost/',
        'webhook:https://user:pass@host/',
      ]),
      piece.map((text) => `webhook:${text}`),
      fc.webUrl().map((text) => `webhook:${text}`),
      fc.domain().map((text) => `webhook:http://${text}/${CANARY}`),
    ),
    run: (text) => {
      const target = parseNotify(text, {PATH: path.dirname(process.execPath)})
      equal(notText(notifyName(target)), undefined)
      if (target.kind === 'exec') return
      const {protocol, hostname, pathname, username, password} = target.url
      ok(protocol === 'https:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname), 'an incident in the clear')
      equal(username + password, '')
      ok(pathname.length < 12 || !notifyName(target).includes(pathname), 'the name says the address')
    },
  },
  {
    name: 'sealed delivery',
    weight: 0.1,
    input: fc.oneof(
      mutated([SEALED]),
      fc
        .tuple(
          jsonWith(['alg', 'enc', 'epk', 'kid', 'zip', 'crit', 'p2c', 'p2s', 'apu', 'apv', 'typ', 'x', 'y', 'crv', 'kty']),
          piece,
        )
        .map(([header, rest]) => [b64(header), ...SEALED.split('.').slice(1, 4), b64(rest)].join('.')),
    ),
    run: async (text) => {
      equal(await openSealed(text, OWNER_KEY), DELIVERED)
      equal(text.trim(), SEALED, 'an altered delivery was opened')
    },
  },
  {
    name: 'key set of the tenant',
    weight: 0.05,
    input: fc.oneof(
      mutated([JSON.stringify(VECTORS.jwks)]),
      jsonWith(['keys', 'kty', 'use', 'kid', 'alg', 'n', 'e', 'x5c', 'x5t', 'k', 'd', 'crv', 'x', 'y']),
    ),
    run: async (text) => {
      const {verdict, reason} = await verifySignature(TOKEN, value(text), {issuer: VECTORS.issuer})
      equal(notText(reason), undefined)
      ok(verdict !== 'valid' || MODULI.some((n) => text.includes(n)), "believed by a key that is not the tenant's")
    },
  },
  {
    name: 'message of a witness',
    quotes: true,
    input: fc.oneof(
      mutated([consistencyMessage(3, ['ab'.repeat(32), '00'.repeat(32)], NOTE), consistencyMessage(0, [], NOTE)]),
      piece,
    ),
    run: (text) => {
      const {old, path: proof, checkpoint} = parseConsistencyMessage(text)
      equal(consistencyMessage(old, proof, checkpoint.text), text)
    },
  },
  {
    name: 'approval of a plan',
    weight: 0.2,
    quotes: true,
    input: fc.oneof(mutated([APPROVED]), piece),
    run: (text) => {
      const read = readApproval(text, APPROVER.vkey.text)
      equal(text.trim(), APPROVED, 'a changed approval was believed')
      deepEqual(read, {...APPROVAL, by: APPROVER.vkey.name})
    },
  },
]
