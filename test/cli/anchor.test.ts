import {deepEqual, equal, match, notEqual, ok} from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {describe, test} from 'node:test'
import type {TestContext} from 'node:test'

import {timestampRequest} from '../../src/trail/rfc3161.ts'
import {readTrail} from '../../src/trail/read-trail.ts'
import {verifyFolder} from '../../src/trail/verify-folder.ts'
import {shell, verifyPython} from '../support/bundle.ts'
import {contained, run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'
import type {Home} from '../support/run-stanch.ts'
import {authority} from '../support/time-stamping.ts'

const anchors = (home: Home): any[] => [...readTrail(path.join(home.data, 'trail-sim'))].filter(({kind}) => kind === 'anchor')

async function prepared(t: TestContext): Promise<{home: Home; id: string}> {
  const home = newHome(t)
  const {id} = await contained(home, await practiceTenant(t, home))
  return {home, id}
}

const anchor = (home: Home, ...words: string[]) => run(home, ['audit', 'anchor', '--simulated', '--json', ...words])

describe('audit anchor', () => {
  test('prints three lines to post, and records where they were posted', async (t) => {
    const {home, id} = await prepared(t)
    const printed = await run(home, ['audit', 'anchor', '--simulated'])
    equal(printed.stdout.trim().split('\n').length, 3)
    equal(anchors(home).length, 0)
    const ran = await anchor(home, '--ref', 'SEC-42, comment 7', '--incident', id)
    equal(ran.code, 0, ran.stderr)
    const document = ran.json() as any
    const [record] = anchors(home)
    deepEqual([record.type, record.size, record.root, record.inc], ['chat', document.size, document.root_hash, id])
    ok(record.seq >= record.size)
    const receipt = readFileSync(path.join(home.data, 'trail-sim/evidence', record.receipt_sha256), 'utf8')
    ok(receipt.startsWith(document.body) && receipt.includes('SEC-42, comment 7'))
    writeFileSync(path.join(home.folder, 'known'), document.line)
    equal(document.line.split(' ').length, 3)
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
  })

  test('records the lines that were posted, not a later state; without a size it prints the lines that must stand there', async (t) => {
    const {home, id} = await prepared(t)
    const printed = await run(home, ['audit', 'anchor', '--simulated'])
    const [, size, root] = printed.stdout.trim().split('\n')
    match(printed.stderr, new RegExp(`--size ${size} --simulated$`, 'm'))
    const [, command] = /then: stanch (.*)$/m.exec((await run(home, ['audit', 'anchor', '--incident', id])).stderr) ?? []
    ok(command?.endsWith(` --incident ${id}`), command)
    equal((await run(home, ['incident', 'note', id, '--text', 'later'])).code, 0)
    equal((await anchor(home, '--ref', 'SEC-42', '--size', size!)).code, 0)
    const [record] = anchors(home)
    deepEqual([record.size, Buffer.from(record.root, 'hex').toString('base64')], [Number(size), root])
    const newest = await run(home, ['audit', 'anchor', '--simulated', '--ref', 'SEC-42'])
    deepEqual(newest.stdout.trim().split('\n').length, 4)
    equal(newest.stdout.trim().split('\n')[2], String(anchors(home)[1].size))
    for (const wrong of [
      ['--ref', 'x', '--size', '1'],
      ['--ref', 'x', '--size', '999999'],
      ['--ref', 'x', '--size', '0'],
      ['--size', size!],
    ])
      equal((await anchor(home, ...wrong)).code, 2, wrong.join(' '))
    equal(anchors(home).length, 2)
  })

  test('the checkpoint that the response shows for the ticket can be held against the bundle', async (t) => {
    const home = newHome(t)
    const {id, ran} = await contained(home, await practiceTenant(t, home))
    const known = path.join(home.folder, 'ticket')
    writeFileSync(known, (ran.json() as any).audit.checkpoint.split('\n').slice(0, 3).join('\n') + '\n')
    equal((await run(home, ['incident', 'note', id, '--text', 'later'])).code, 0)
    const bundle = path.join(home.folder, 'bundle')
    equal((await run(home, ['bundle', id, '--output', bundle])).code, 0)
    const python = verifyPython(bundle, '--known', known)
    match(python.output, /anchors: known checkpoint of size/)
    match((await run(home, ['audit', 'verify', bundle, '--known', known])).stdout, /anchors: known_checkpoint/)
  })

  test('a command takes the three lines and gives the reference; one that fails records nothing', async (t) => {
    const {home} = await prepared(t)
    const got = path.join(home.folder, 'got')
    const script = (text: string) => JSON.stringify([process.execPath, '-e', text])
    const posts = script(
      `const t=require('fs').readFileSync(0,'utf8');require('fs').writeFileSync(${JSON.stringify(got)},t);console.log('message\\n 77')`,
    )
    const ran = await anchor(home, '--type', 'siem', '--exec', posts)
    equal(ran.code, 0, ran.stdout)
    equal((ran.json() as any).receipt, 'message 77')
    equal(readFileSync(got, 'utf8'), (ran.json() as any).body)
    const failed = await anchor(home, '--exec', script('process.exit(3)'))
    equal(failed.code, 6)
    equal((failed.json() as any).error.code, 'delivery.failed')
    equal((await anchor(home, '--exec', 'no-such-command-here')).code, 2)
    equal(anchors(home).length, 1)
  })

  test('a webhook takes the three lines; its address stays out of everything, and what it refuses is not recorded', async (t) => {
    const {home} = await prepared(t)
    const got: string[] = []
    let status = 200
    const server = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (part: string) => (text += part))
      request.on('end', () => {
        got.push(`${request.method} ${request.headers['content-type']} ${request.url} ${text}`)
        response.writeHead(status, {'content-type': 'text/html'}).end('ok')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const secret = 'T0000-B0000-not-for-others'
    const env = (url: string) => ({...home, env: {...home.env, CHANNEL: url}})
    const ran = await anchor(env(`http://${host}/hooks/${secret}`), '--webhook', 'env:CHANNEL')
    equal(ran.code, 0, ran.stdout)
    const document = ran.json() as any
    deepEqual(got, [`POST application/json /hooks/${secret} ${JSON.stringify({text: document.body})}`])
    equal(document.receipt, `webhook at ${host}, which answered ok`)
    ok(![ran.stdout, ran.stderr, JSON.stringify([...readTrail(path.join(home.data, 'trail-sim'))])].join('').includes(secret))
    status = 403
    const refused = await anchor(env(`http://${host}/hooks/${secret}`), '--webhook', 'env:CHANNEL')
    equal(refused.code, 6)
    ok(!`${refused.stdout}${refused.stderr}`.includes(secret))
    for (const url of [`http://channel.example/${secret}`, secret, `file:///${secret}`, `https://me:pw@127.0.0.1/${secret}`]) {
      const wrong = await anchor(env(url), '--webhook', 'env:CHANNEL')
      equal(wrong.code, 2, url)
      ok(!`${wrong.stdout}${wrong.stderr}`.includes(secret))
    }
    equal((await anchor(home, '--webhook', `http://${host}/hooks/${secret}`)).code, 2)
    equal(anchors(home).length, 1)
  })

  test('a store gets tiles, takes what continues them, and refuses another history', async (t) => {
    const {home, id} = await prepared(t)
    const folder = path.join(home.folder, 'store')
    const ran = await anchor(home, '--tiles', folder, '--incident', id)
    equal(ran.code, 0, ran.stdout)
    const {size, body, type} = ran.json() as any
    equal(type, 'store')
    equal(anchors(home)[0].type, 'store')
    ok(readFileSync(path.join(folder, 'checkpoint'), 'utf8').startsWith(body))
    deepEqual(readdirSync(path.join(folder, 'tile/entries/000.p')), [String(size)])
    const next = await anchor(home, '--tiles', folder)
    ok((next.json() as any).size > size)
    const held = readFileSync(path.join(folder, 'checkpoint'), 'utf8')
    const [origin, , ...rest] = held.split('\n')
    writeFileSync(path.join(folder, 'checkpoint'), [origin, '5', ...rest].join('\n'))
    const forked = await anchor(home, '--tiles', folder)
    equal((forked.json() as any).error.code, 'E_FORKED')
    writeFileSync(path.join(folder, 'checkpoint'), [origin, '99999', ...rest].join('\n'))
    equal(((await anchor(home, '--tiles', folder)).json() as any).error.code, 'E_ROLLED_BACK')
    equal((await anchor(home, '--tiles', path.join(home.data, 'trail-sim/x'))).code, 2)
    equal((await anchor(home, '--tiles', folder, '--ref', 'x')).code, 2)
    equal(anchors(home).length, 2)
  })

  test('wrong words: no trail, a token as a reference, a time stamp by nobody or for nobody', async (t) => {
    equal((await anchor(newHome(t), '--ref', 'x')).code, 2)
    const {home} = await prepared(t)
    equal((await anchor(home, '--ref', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0abc.sig')).code, 2)
    equal((await anchor(home, '--ref', ' ')).code, 2)
    equal((await anchor(home, '--type', 'rfc3161')).code, 2)
    equal((await anchor(home, '--type', 'rfc3161', '--url', 'http://127.0.0.1:9/')).code, 2)
    equal((await anchor(home, '--type', 'tenant', '--ref', 'x')).code, 2)
    equal(anchors(home).length, 0)
  })
})

describe('a time stamp', () => {
  test('is asked for in 69 bytes that openssl reads', (t) => {
    const home = newHome(t)
    for (const nonce of [Buffer.alloc(8), Buffer.alloc(8, 0xff), Buffer.from('8000000000000001', 'hex')]) {
      const request = timestampRequest('ab'.repeat(32), nonce)
      equal(request.length, 69)
      const file = path.join(home.folder, 'request')
      writeFileSync(file, request)
      const read = spawnSync('openssl', ['ts', '-query', '-in', file, '-text'], {encoding: 'utf8'})
      equal(read.status, 0, read.stderr)
      match(read.stdout, /Hash Algorithm: sha256/)
      match(read.stdout, /Certificate required: yes/)
      match(read.stdout, /Nonce: 0x[4-7]/)
    }
  })

  test('by an authority on loopback is verified, kept and recorded', async (t) => {
    const {home, id} = await prepared(t)
    const tsa = authority(t, home.folder)
    const ran = await anchor(home, '--type', 'rfc3161', '--url', await tsa.serve(), '--ca', tsa.ca)
    equal(ran.code, 0, ran.stdout)
    const document = ran.json() as any
    const name = `${String(document.size).padStart(12, '0')}.tsr`
    deepEqual(readdirSync(path.join(home.data, 'trail-sim/anchors')), [name])
    equal(anchors(home)[0].type, 'rfc3161')
    // as an auditor would, with openssl alone
    const body = path.join(home.folder, 'body')
    writeFileSync(body, document.body)
    const checked = spawnSync(
      'openssl',
      ['ts', '-verify', '-data', body, '-in', path.join(home.data, 'trail-sim/anchors', name), '-CAfile', tsa.ca],
      {encoding: 'utf8'},
    )
    equal(checked.status, 0, checked.stderr)
    equal((await run(home, ['audit', 'verify', '--simulated'])).code, 0)
    // in a bundle, whose checkpoint is of a later size
    const stamped = await anchor(home, '--type', 'rfc3161', '--url', await tsa.serve(), '--ca', tsa.ca, '--incident', id)
    equal(stamped.code, 0, stamped.stdout)
    const {size, line} = stamped.json() as any
    const folder = path.join(home.folder, 'bundle')
    equal((await run(home, ['bundle', id, '-o', folder])).code, 0)
    const [command = ''] = /^ {4}openssl ts -verify .*$/m.exec(readFileSync(path.join(folder, 'README.md'), 'utf8')) ?? []
    const byPage = shell(command.replace('tsa.pem', `'${tsa.ca}'`), folder)
    equal(byPage.code, 0, byPage.output)
    match(byPage.output, /Verification: OK/)
    notEqual(shell(command.replace('tsa.pem', `'${tsa.ca}'`).replace(/' \d+ /, "' 1 "), folder).code, 0)
    const known = path.join(home.folder, 'known')
    writeFileSync(known, line)
    const python = verifyPython(folder, '--known', known)
    match(python.output, new RegExp(`anchors: known checkpoint of size ${size}\\b`))
    match(python.output, new RegExp(`anchor on record: 'rfc3161' of size ${size}, a state of this log`))
    const own = verifyFolder(folder, {known: [line]})
    ok(own.ok && own.anchors.some(({type, detail}) => type === 'known_checkpoint' && detail.includes(` ${size} `)))
    const other = line.replace(/ [^ ]+$/, ` ${Buffer.alloc(32, 1).toString('base64')}`)
    writeFileSync(known, other)
    equal(verifyPython(folder, '--known', known).code, 1)
    equal(verifyFolder(folder, {known: [other]}).ok, false)
  })

  test('may be carried by hand, and the trail may have grown meanwhile', async (t) => {
    const {home} = await prepared(t)
    const tsa = authority(t, home.folder)
    const request = path.join(home.folder, 'request.tsq')
    const asked = await anchor(home, '--type', 'rfc3161', '--request-out', request)
    equal(asked.code, 0)
    const response = path.join(home.folder, 'response.tsr')
    writeFileSync(response, tsa.stamp(readFileSync(request)))
    equal((await anchor(home, '--ref', 'meanwhile')).code, 0)
    const ran = await anchor(home, '--type', 'rfc3161', '--response', response, '--ca', tsa.ca)
    equal(ran.code, 0, ran.stdout)
    equal((ran.json() as any).size, (asked.json() as any).size)
    const exec = JSON.stringify(['openssl', 'ts', '-reply', '-queryfile', '/nonexistent'])
    equal((await anchor(home, '--type', 'rfc3161', '--exec', exec, '--ca', tsa.ca)).code, 6)
  })

  test('that is altered, for another trail, by another authority, or no time stamp at all is refused and not kept', async (t) => {
    const {home} = await prepared(t)
    const tsa = authority(t, home.folder)
    const other = authority(t, home.folder, 'other')
    const request = path.join(home.folder, 'request.tsq')
    equal((await anchor(home, '--type', 'rfc3161', '--request-out', request)).code, 0)
    const good = tsa.stamp(readFileSync(request))
    const file = path.join(home.folder, 'response.tsr')
    const tried = async (response: Uint8Array, ca = tsa.ca) => {
      writeFileSync(file, response)
      return (await anchor(home, '--type', 'rfc3161', '--response', file, '--ca', ca)).code
    }
    const flipped = Buffer.from(good)
    flipped[flipped.length - 5] = (flipped.at(-5) ?? 0) ^ 1
    equal(await tried(flipped), 5)
    equal(await tried(good, other.ca), 5)
    equal(await tried(good.subarray(0, good.length - 20)), 5)
    equal(await tried(Buffer.from(readFileSync(request))), 5)
    equal(await tried(tsa.stamp(timestampRequest('cd'.repeat(32), Buffer.alloc(8)))), 5)
    equal(await tried(good, path.join(home.folder, 'nowhere.pem')), 2)
    for (const answer of [{status: 500}, {type: 'text/html'}, {body: Buffer.from('no')}]) {
      const ran = await anchor(home, '--type', 'rfc3161', '--url', await tsa.serve(answer), '--ca', tsa.ca)
      ok([5, 6].includes(ran.code), `${JSON.stringify(answer)} ${ran.code}`)
    }
    equal(anchors(home).length, 0)
    deepEqual(
      existsSync(path.join(home.data, 'trail-sim/anchors')) ? readdirSync(path.join(home.data, 'trail-sim/anchors')) : [],
      [],
    )
  })
})
