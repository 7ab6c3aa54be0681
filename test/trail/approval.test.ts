import {equal, match, ok, throws} from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {describe, test} from 'node:test'

import {APPROVAL_SECONDS, approvalProblem, readApproval, signApproval} from '../../src/trail/format/approval.ts'
import {signerOf} from '../../src/trail/format/signer.ts'
import {COSIGNATURE, ED25519} from '../../src/trail/format/vkey.ts'

const PLAN = 'ab'.repeat(32)
const NOT_VERIFIED = {code: 'audit.not_verified'}
const key = () => generateKeyPairSync('ed25519').privateKey
const bob = signerOf('stanch.local/bob', ED25519, key())
const GIVEN = {incident: 'inc-20261122-k7m2xq', plan_sha256: PLAN, kind: 'before', time: '2026-11-22T03:00:00Z'} as const
const NOW = Date.parse(GIVEN.time) / 1000

describe('an approval', () => {
  const line = signApproval(GIVEN, bob)

  test('is one line that names incident, plan, time and who', () => {
    match(
      line,
      /^stanch-approval\/1 inc-20261122-k7m2xq (ab){32} before 2026-11-22T03:00:00Z stanch\.local\/bob [A-Za-z0-9+/]{86}==$/,
    )
    equal(readApproval(`${line}\n`, bob.vkey.text).by, 'stanch.local/bob')
    ok(!readApproval(line, bob.vkey.text).incident.includes(' '))
  })

  for (const [what, changed] of [
    ['another plan', line.replace(PLAN, 'cd'.repeat(32))],
    ['another incident', line.replace('k7m2xq', 'k7m2xr')],
    ['no incident', line.replace('inc-20261122-k7m2xq', '-')],
    ['another kind', line.replace(' before ', ' emergency ')],
    ['another time', line.replace('03:00:00', '03:00:01')],
    ['another name', line.replace('/bob', '/eve')],
    ['a flipped signature', `${line.slice(0, -10)}${line.at(-10) === 'A' ? 'B' : 'A'}${line.slice(-9)}`],
    ['a signature that is not canonical', line.replace(/.==$/, (end) => `${end[0] === 'B' ? 'C' : 'B'}==`)],
    ['no signature', line.split(' ').slice(0, -1).join(' ')],
    ['two lines', `${line}\n${line}`],
    ['another form', line.replace('/1 ', '/2 ')],
    ['nothing', ''],
  ] as const) {
    test(`with ${what} is refused`, () => throws(() => readApproval(changed, bob.vkey.text), NOT_VERIFIED))
  }

  test('by another key, by a witness key of the same name, or with no key is refused', () => {
    throws(() => readApproval(line, signerOf('stanch.local/bob', ED25519, key()).vkey.text), /bad signature/)
    throws(() => readApproval(line, signerOf('stanch.local/eve', ED25519, key()).vkey.text), /no signature by/)
    throws(() => readApproval(line, signerOf('stanch.local/bob', COSIGNATURE, key()).vkey.text), /bad vkey/)
    throws(() => readApproval(line, 'stanch.local/bob'), /bad vkey/)
  })

  test('speaks for its plan, its incident and its day only', () => {
    const approval = readApproval(line, bob.vkey.text)
    const wanted = {incident: GIVEN.incident, plan_sha256: PLAN, now: NOW}
    equal(approvalProblem(approval, wanted), undefined)
    match(approvalProblem(approval, {...wanted, plan_sha256: 'cd'.repeat(32)}) ?? '', /approves the plan/)
    match(approvalProblem(approval, {...wanted, incident: 'inc-20261122-other'}) ?? '', /for incident/)
    match(approvalProblem(approval, {...wanted, incident: undefined}) ?? '', /for incident/)
    match(approvalProblem(approval, {...wanted, now: NOW + APPROVAL_SECONDS + 1}) ?? '', /hours ago/)
    match(approvalProblem(approval, {...wanted, now: NOW - 301}) ?? '', /future/)
    match(approvalProblem({...approval, kind: 'emergency'}, wanted) ?? '', /carried out already/)
    equal(approvalProblem({...approval, incident: '-'}, {...wanted, incident: undefined}), undefined)
  })
})
