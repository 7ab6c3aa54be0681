import {deepEqual, doesNotMatch, equal, match, ok} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {test} from 'node:test'
import {runInNewContext} from 'node:vm'

import {evidencePage} from '../../src/report/html/evidence-page.ts'
import {firstScreen} from '../../src/report/html/first-screen.ts'
import {picture} from '../../src/report/html/picture.ts'
import {pageDataScript} from '../../src/report/page-data.ts'
import type {Course} from '../../src/report/report-course.ts'
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

test('names of the edges of an exposure never stand on one another, however long the axis is', () => {
  const at = (hours: number) => new Date(Date.UTC(2026, 10, 22) + hours * 3_600_000).toISOString()
  for (const before of [0.1, 1, 24, 240, 2400]) {
    for (const [leaked, contained, until] of [
      [0, 1, 25],
      [0, 24, 24.1],
      [0, 0.01, 0.02],
      [-1, 0.5, 720],
    ] as const) {
      const course = {window: {from: at(leaked), contained_at: at(contained), until: at(until)}, rows: [], tokens: []}
      const span = {from: Date.parse(at(leaked - before)), to: Date.parse(at(until + 0.1))}
      const {text} = picture('p', 'title', course as unknown as Course, span)
      const pictures = text.split('</svg>').slice(0, -1)
      equal(pictures.length, 2, 'one for a wide page, one for a phone')
      for (const drawn of pictures) {
        const names = [...drawn.matchAll(/class="edge"\s+x="([\d.-]+)"\s+y="(\d+)"\s+text-anchor="(start|end)">([^<]+)</g)].map(
          ([, x = '', y = '', anchor, name = '']) => {
            const wide = name.length * 6
            const from = Number(x) - (anchor === 'end' ? wide : 0)
            return {name, y: Number(y), from, to: from + wide}
          },
        )
        deepEqual(
          names.map((one) => one.name),
          ['leaked', 'contained', 'all clear'],
        )
        for (const [i, one] of names.entries())
          for (const other of names.slice(i + 1))
            ok(
              one.y !== other.y || one.to <= other.from || other.to <= one.from,
              `${one.name} and ${other.name} with ${before} h before: ${JSON.stringify(names)}`,
            )
        const [, width = ''] = /viewBox="0 0 (\d+) /.exec(drawn) ?? []
        for (const one of names) ok(one.from >= 0 && one.to <= Number(width), `${one.name} is inside: ${JSON.stringify(one)}`)
        for (const [, y = ''] of drawn.matchAll(/class="tick"\s+x="[\d.-]+"\s+y="(\d+)"/g))
          ok(
            names.every((one) => one.y - Number(y) >= 14),
            'an instant of the axis has its own line',
          )
      }
    }
  }
})

test('what a war room must see at once stands before what is folded on a phone', () => {
  const {text} = firstScreen({
    verdict: {status: 'contained', words: 'CONTAINED: proven'},
    claims: [],
    all_clear: {state: 'open', basis: 'BASIS', worst_case_at: '2026-11-23T00:00:00Z', computed_at: '2026-11-22T00:00:00Z'},
    next: ['first act', 'second act', 'third act'],
    evidence_gaps: [
      {what: 'gap one', why: 'WHY ONE'},
      {what: 'gap two', why: 'WHY TWO'},
    ],
  } as unknown as Parameters<typeof firstScreen>[0])
  const unfolded = text.replaceAll(/<details open class="rest">[^]*?<\/details>/g, '')
  for (const said of ['CONTAINED: proven', '2026-11-23 00:00:00 UTC', 'first act', 'gap one', 'and 1 more', 'Not known (2)'])
    ok(unfolded.includes(said), said)
  for (const folded of ['BASIS', 'second act', 'third act', 'WHY ONE', 'WHY TWO'])
    ok(text.includes(folded) && !unfolded.includes(folded), folded)
})

test('instants of the axis never stand on one another nor leave the picture, from seconds to years', () => {
  for (const seconds of [1, 7, 40, 90, 700, 3500, 40_000, 86_400, 250_000, 2_000_000, 30_000_000]) {
    const from = Date.UTC(2026, 10, 22, 12, 51, 13)
    const course = {window: {from: new Date(from).toISOString()}, rows: [], tokens: []}
    const {text} = picture('p', 'title', course as unknown as Course, {from, to: from + seconds * 1000})
    for (const drawn of text.split('</svg>').slice(0, -1)) {
      const [, width = ''] = /viewBox="0 0 (\d+) /.exec(drawn) ?? []
      const labels = [...drawn.matchAll(/<text\s+class="tick"\s+x="([\d.]+)"\s+y="12"\s+text-anchor="middle">([^<]+)</g)].map(
        ([, x = '', label = '']) => ({label, from: Number(x) - label.length * 4, to: Number(x) + label.length * 4}),
      )
      ok(labels.length > 0, `${seconds} s: an instant is named`)
      labels.forEach((one, index) => {
        const before = labels[index - 1]
        ok(one.from >= 0 && one.to <= Number(width), `${seconds} s: ${one.label}`)
        ok(before === undefined || before.to <= one.from, `${seconds} s: ${before?.label} and ${one.label}`)
      })
    }
  }
})
