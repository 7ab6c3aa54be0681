import assert from 'node:assert/strict'
import {Readable} from 'node:stream'
import test from 'node:test'
import {readCredentialFile} from '../../src/config/credential-file.ts'
import {isCode} from '../../src/errors.ts'
import {temporaryFolder} from '../support/folder.ts'
import {file} from './file.ts'

const nothing = () => Readable.from([])

test('a file gives its value without one newline at the end, and nothing else is taken from it', async (t) => {
  const folder = temporaryFolder(t)
  const read = async (content: string) => (await readCredentialFile(file(folder, 'f', content), nothing)).reveal()
  assert.equal(await read('leaked-value\n'), 'leaked-value')
  assert.equal(await read('leaked-value\r\n'), 'leaked-value')
  assert.equal(await read('leaked-value\n\n'), 'leaked-value\n')
  assert.equal(await read(' leaked '), ' leaked ')
})

test('standard input may come in pieces, in the middle of a character', async () => {
  const bytes = Buffer.from('leaked-välue\n')
  const secret = await readCredentialFile('-', () =>
    Readable.from([bytes.subarray(0, 9), bytes.subarray(9)], {objectMode: false}),
  )
  assert.equal(secret.reveal(), 'leaked-välue')
})

test('a terminal as standard input is refused, because typing would show the value', async () => {
  await assert.rejects(
    readCredentialFile('-', () => Object.assign(Readable.from([]), {isTTY: true})),
    (error) => isCode(error, 'usage.invalid'),
  )
})

test('nothing, too much and no regular file are refused', async (t) => {
  const folder = temporaryFolder(t)
  await assert.rejects(readCredentialFile(file(folder, 'empty', ''), nothing), (error) => isCode(error, 'input.invalid'))
  await assert.rejects(
    readCredentialFile('-', () => Readable.from([])),
    (error) => isCode(error, 'input.invalid'),
  )
  await assert.rejects(
    readCredentialFile('-', () => Readable.from([Buffer.alloc(40_000, 'a'), Buffer.alloc(40_000, 'a')])),
    (error) => isCode(error, 'input.too_large'),
  )
  await assert.rejects(readCredentialFile(file(folder, 'big', 'a'.repeat(70_000)), nothing), (error) =>
    isCode(error, 'input.too_large'),
  )
  await assert.rejects(readCredentialFile(folder, nothing), (error) => isCode(error, 'input.unreadable'))
  await assert.rejects(readCredentialFile(`${folder}/missing`, nothing), (error) => isCode(error, 'input.unreadable'))
})
