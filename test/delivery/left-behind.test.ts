import assert from 'node:assert/strict'
import {existsSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'

import {leftBehind} from '../../src/delivery/left-behind.ts'
import type {Sink} from '../../src/delivery/sink.ts'
import {temporaryFolder} from '../support/folder.ts'

const SECRET = 'aB3-dE6_gH9kL2mN5pQ8rS1tU4vW7xY0aB3-dE6_gH9kL2mN5pQ8rS1tU4vW7xY0'

test('whole secrets of the sink and of the incident are found, half ones are removed, everything else is left alone', (t) => {
  const folder = temporaryFolder(t)
  const at = (name: string) => path.join(folder, name)
  const sink: Sink = {kind: 'file', path: at('sink')}
  const fallback: Sink = {kind: 'file', path: at('new-secret-3')}
  const found = () => leftBehind(sink, fallback).map((one) => one.reveal())
  assert.deepEqual(found(), [])
  const half = at('.sink.0ee03474000f.tmp')
  writeFileSync(half, SECRET.slice(0, 30))
  assert.deepEqual(found(), [])
  assert.equal(existsSync(half), false, 'half a secret is of no use and is a leak')
  writeFileSync(at('.sink.0ee034740010.tmp'), `${SECRET}\n`)
  assert.deepEqual(found(), [SECRET])
  writeFileSync(at('sink'), `${SECRET}\n`)
  writeFileSync(at('new-secret-1'), `${SECRET.toLowerCase()}\n`)
  assert.deepEqual(found(), [SECRET, SECRET.toLowerCase()])
})

test('what has not the shape of a client secret is nobody’s, and no link is followed', (t) => {
  const folder = temporaryFolder(t)
  const at = (name: string) => path.join(folder, name)
  const sink: Sink = {kind: 'file', path: at('sink')}
  const fallback: Sink = {kind: 'file', path: at('new-secret-1')}
  for (const text of [
    '',
    `${SECRET}`,
    `${SECRET}\n\n`,
    `${SECRET} x\n`,
    'short\n',
    `${'a'.repeat(5000)}\n`,
    '{"password":1}\n',
  ]) {
    writeFileSync(at('sink'), text)
    assert.deepEqual(leftBehind(sink, fallback), [], JSON.stringify(text.slice(0, 80)))
    assert.equal(existsSync(at('sink')), true)
  }
  writeFileSync(at('elsewhere'), `${SECRET}\n`)
  symlinkSync(at('elsewhere'), at('new-secret-2'))
  assert.deepEqual(leftBehind(sink, fallback), [])
  assert.deepEqual(leftBehind({kind: 'prompt'}, {kind: 'prompt'}), [])
})
