import {equal, match, ok, throws} from 'node:assert/strict'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, test} from 'node:test'

import {checkpointBody, parseCheckpoint, signCheckpoint, signatureProblem} from '../../src/trail/format/checkpoint.ts'
import {consistencyMessage, parseConsistencyMessage} from '../../src/trail/format/consistency-message.ts'
import {parseVkey} from '../../src/trail/format/vkey.ts'
import {loadKeys} from '../../src/trail/keys.ts'
import {logId} from '../../src/trail/layout.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {addCosignature, cosign, pastedText, rosterVkeys, witnessRequest} from '../../src/trail/witness.ts'
import {oneAct, trailPlace} from '../support/trail.ts'

const NOW = 1_800_000_000
const BOB = 'stanch.local/bob'
const NOT_VERIFIED = {code: 'audit.not_verified'}

async function pair(t: {after(work: () => void): void}) {
  const place = trailPlace(t)
  const trail = await place.open()
  oneAct(trail, 'inc-1')
  const bob = join(place.base, 'bob-keys')
  const sign = (message: string, vkey: string | undefined = trail.vkey) => cosign(bob, BOB, message, vkey, NOW)
  return {...place, trail, bob, sign}
}

describe('a witness', () => {
  test('signs what it has not seen, then what extends it; the line makes the checkpoint countersigned', async (t) => {
    const {trail, sign, folder} = await pair(t)
    const first = sign(witnessRequest(trail, 0))
    oneAct(trail, 'inc-2')
    const second = sign(witnessRequest(trail, first.size), undefined)
    ok(second.size > first.size)
    const {size, witness} = addCosignature(trail, second.line, [second.vkey])
    equal(size, second.size)
    equal(witness, `${BOB}/witness`)
    const kept = parseCheckpoint(readFileSync(join(folder, 'checkpoints', String(size).padStart(12, '0')), 'utf8'))
    equal(signatureProblem(kept, parseVkey(second.vkey)), undefined)
    const anchor = [...trail.records()].find(({kind}) => kind === 'anchor')
    equal(anchor?.['type'], 'cosignature')
    equal(anchor?.['size'], size)
    match(trail.getEvidence(String(anchor?.['receipt_sha256']))?.toString('utf8') ?? '', /stanch\.local\/bob\/witness/)
    // the first line comes late: it still has its checkpoint
    equal(addCosignature(trail, second.line, [second.vkey]).size, size)
    equal(addCosignature(trail, first.line, [first.vkey]).size, first.size)
    trail.close('done')
    equal(verifyFolder(folder, {vkey: trail.vkey}).ok, true)
  })

  test('signs the same state twice, and takes text that a chat has been at', async (t) => {
    const {trail, sign} = await pair(t)
    const message = witnessRequest(trail, 0)
    const first = sign(message)
    const again = sign(witnessRequest(trail, first.size))
    equal(again.root, first.root)
    equal(sign(`\`\`\`text\r\n${message.replaceAll('\n', '  \r\n')}\`\`\`\r\n`).size, first.size)
    equal(pastedText('\n\na \nb\t\n\n'), 'a\nb\n')
  })

  test('refuses an older state, another one of the same size, and one that does not extend what it signed', async (t) => {
    const {trail, sign, keys} = await pair(t)
    const older = witnessRequest(trail, 0)
    oneAct(trail, 'inc-2')
    const {size} = sign(witnessRequest(trail, 0))
    throws(() => sign(older), NOT_VERIFIED)
    const identity = loadKeys(keys, trail.origin).identity
    const forged = (at: number, path: readonly string[], old: number) =>
      consistencyMessage(old, path, signCheckpoint({origin: trail.origin, size: at, root: 'ab'.repeat(32)}, [identity], NOW))
    throws(() => sign(forged(size, [], size)), /another root/)
    throws(() => sign(forged(size + 3, ['cd'.repeat(32)], size)), /does not lead/)
    throws(() => sign(forged(size + 3, [], size)), /does not lead/)
    for (const inc of ['inc-3', 'inc-4', 'inc-5', 'inc-6']) oneAct(trail, inc)
    const good = witnessRequest(trail, size)
    throws(() => sign(good.replace(`old ${size}`, `old ${size - 1}`)), {code: 'usage.invalid'})
    throws(() => sign(witnessRequest(trail, 0)), {code: 'usage.invalid'})
    const {path, checkpoint} = parseConsistencyMessage(good)
    ok(path.length >= 2)
    throws(() => sign(consistencyMessage(size, path.toReversed(), checkpoint.text)), NOT_VERIFIED)
    throws(() => sign(consistencyMessage(size, path.slice(1), checkpoint.text)), NOT_VERIFIED)
    equal(sign(good).size, checkpoint.size, 'none of these moved what it remembers')
  })

  test("refuses a key that is not the log's, a log it was never told the key of, and another key later", async (t) => {
    const {trail, sign, bob} = await pair(t)
    const other = await trailPlace(t).open()
    oneAct(other, 'inc-9')
    throws(() => cosign(bob, BOB, witnessRequest(trail, 0), undefined, NOW), {code: 'usage.missing_flag'})
    throws(() => sign(witnessRequest(trail, 0), other.vkey), NOT_VERIFIED)
    throws(() => sign(witnessRequest(other, 0), trail.vkey), NOT_VERIFIED)
    const first = sign(witnessRequest(trail, 0))
    throws(() => sign(witnessRequest(trail, first.size), other.vkey), /not the one that was given/)
    throws(() => sign(witnessRequest(trail, first.size), first.vkey), NOT_VERIFIED)
    throws(() => cosign(bob, trail.origin, witnessRequest(trail, 0), trail.vkey, NOW), {code: 'usage.invalid'}, 'its own log')
    equal(sign(witnessRequest(other, 0), other.vkey).origin, other.origin, 'each log has its own memory')
  })

  test('refuses a checkpoint whose signature is missing, flipped or by another name', async (t) => {
    const {trail, sign} = await pair(t)
    const message = witnessRequest(trail, 0)
    const {checkpoint} = parseConsistencyMessage(message)
    const identityLine = checkpoint.text.split('\n').find((line) => line.startsWith(`\u2014 ${trail.origin} `)) ?? ''
    throws(() => sign(message.replace(`${identityLine}\n`, '')), /no signature by/)
    throws(() => sign(message.replace(`\n${checkpoint.size}\n`, `\n${checkpoint.size + 1}\n`)), /bad signature/)
    throws(() => sign(consistencyMessage(0, [], checkpoint.text.replace(checkpoint.origin, 'stanch.local/zzzz'))), NOT_VERIFIED)
  })

  test('refuses text that is no message', async (t) => {
    const {trail, sign} = await pair(t)
    const message = witnessRequest(trail, 0)
    for (const text of [
      '',
      'old 0',
      message.replace('old 0', 'old 00'),
      message.replace('old 0', 'old -1'),
      message.replace('old 0', 'new 0'),
      message.replace('old 0', `old 0\n${'A'.repeat(44)}`),
      message.replace('old 0', `old 0\n${'QUI=\n'.repeat(64)}`.trimEnd()),
      message.replace('old 0', 'old 0\nQUJD'),
    ])
      throws(() => sign(text), NOT_VERIFIED, text.slice(0, 40))
  })

  test('a memory that somebody changed is not signed over', async (t) => {
    const {trail, sign, bob} = await pair(t)
    const first = sign(witnessRequest(trail, 0))
    writeFileSync(join(bob, 'witnessed', logId(trail.origin)), 'nonsense')
    throws(() => sign(witnessRequest(trail, first.size)), NOT_VERIFIED)
  })
})

describe('adding a countersignature', () => {
  test('refuses a line of another key, of another checkpoint, a flipped one, and no line at all', async (t) => {
    const {trail, sign, base} = await pair(t)
    const signed = sign(witnessRequest(trail, 0))
    const eve = cosign(join(base, 'eve'), 'stanch.local/eve', witnessRequest(trail, 0), trail.vkey, NOW)
    const records = [...trail.records()].length
    throws(() => addCosignature(trail, signed.line, [eve.vkey]), NOT_VERIFIED)
    throws(() => addCosignature(trail, eve.line.replace('eve/witness', 'bob/witness'), [signed.vkey]), NOT_VERIFIED)
    const data = Buffer.from(signed.line.trim().split(' ')[2] ?? '', 'base64')
    data[40] = (data[40] ?? 0) ^ 1
    throws(() => addCosignature(trail, `\u2014 ${BOB}/witness ${data.toString('base64')}\n`, [signed.vkey]), NOT_VERIFIED)
    throws(() => addCosignature(trail, signed.line, [trail.vkey]), NOT_VERIFIED)
    throws(() => addCosignature(trail, 'thanks!', [signed.vkey]), {code: 'input.invalid'})
    const other = await trailPlace(t).open()
    oneAct(other, 'inc-9')
    const foreign = sign(witnessRequest(other, 0), other.vkey)
    throws(() => addCosignature(trail, foreign.line, [foreign.vkey]), NOT_VERIFIED)
    equal([...trail.records()].length, records)
  })

  test('finds the witness in a roster, and nothing that only looks like one', async (t) => {
    const {trail, sign} = await pair(t)
    const signed = sign(witnessRequest(trail, 0))
    const roster = `# team\nlog ${trail.vkey}\nwitness bob ${signed.vkey}\nquorum bob\nstanch.local/x ${'a'.repeat(64)}\n`
    const keys = rosterVkeys(roster)
    ok(keys.includes(signed.vkey) && keys.length === 2)
    equal(addCosignature(trail, signed.line, keys).size, signed.size)
    equal(checkpointBody({origin: trail.origin, size: signed.size, root: signed.root}).split('\n')[1], String(signed.size))
  })
})
