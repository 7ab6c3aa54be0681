import {deepEqual, doesNotMatch, equal, match, ok} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {test} from 'node:test'
import {runInNewContext} from 'node:vm'

import {evidencePage} from '../../src/report/html/evidence-page.ts'
import {pageDataScript} from '../../src/report/page-data.ts'
import {HOSTILE} from '../hostile/strings.ts'
import {accountOf, FULL} from '../support/account.ts'
import {ROOT} from '../support/tree.ts'

const built = (name: string) => readFileSync(`${ROOT}dist/page/${name}.js`, 'utf8')

test('the data of the evidence page is data: it gives back each file byte for byte, whatever is in it', () => {
  for (const {text} of HOSTILE) {
    const line = JSON.stringify({text: text.toWellFormed()})
    const slice = {records: `${line}\n${line}\n`, proofs: `0\n1 AA==\n`, checkpoint: `origin\n2\nAA==\n\n\u2014 a b\n`}
    const script = pageDataScript(slice)
    const found = runInNewContext(`${script};STANCH_DATA`) as Record<'records' | 'proofs' | 'checkpoint', string[]>
    deepEqual(
      {records: found.records.join('\n'), proofs: found.proofs.join('\n'), checkpoint: found.checkpoint.join('\n')},
      slice,
    )
    // one value and nothing that runs
    const [, json = ''] = /^\/\/[^\n]*\nvar STANCH_DATA = (\{[^]*\})\n$/.exec(script) ?? []
    equal(Object.keys(JSON.parse(json) as object).join(), 'records,proofs,checkpoint')
  }
})

test('the scripts of the pages ask for nothing that only Node has, and reach for no network', () => {
  for (const name of ['report', 'evidence']) {
    const code = built(name)
      .replaceAll(/\/\*[^]*?\*\//g, '')
      .replaceAll(/\/\/.*$/gm, '')
    ok(code.length > 1000)
    doesNotMatch(
      code,
      /\brequire\(|(?<!\.)\bprocess\.|\bBuffer\b(?!\()|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|\bimport\(|\beval\(|innerHTML|new Function/,
    )
    doesNotMatch(built(name), /<\/script|<!--/i)
  }
})

test('the evidence page holds the verifier of trail/format and none of its own', () => {
  const code = built('evidence')
  for (const file of ['slice', 'checkpoint', 'record', 'tree', 'continuity', 'members'])
    match(code, new RegExp(`^// src/trail/format/${file}\\.ts$`, 'm'), file)
  for (const port of ['digest', 'signature']) {
    match(code, new RegExp(`^// src/page/${port}\\.ts$`, 'm'))
    doesNotMatch(code, new RegExp(`^// src/trail/format/${port}\\.ts$`, 'm'))
  }
})

test('the evidence page allows scripts beside it and nothing else, and says what its check is worth', () => {
  const page = evidencePage(accountOf(FULL))
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
  match(
    policy.replaceAll('&#39;', "'"),
    /^default-src 'none'; script-src 'self' file:; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'$/,
  )
  match(page, /This check came with the bundle; for proof use a verifier from elsewhere/)
  deepEqual(
    [...page.matchAll(/<script([^>]*)>/g)].map((one) => one[1]),
    [' src="page/data.js"', ' src="page/evidence.js"'],
  )
})
