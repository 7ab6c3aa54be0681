import {spawnSync} from 'node:child_process'
import {closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {savedLogEntry} from '../../src/auth0/resources/log-entry.ts'
import {linesOf} from '../../src/trail/read-trail.ts'
import {HUNTS} from '../../src/incident/hunt/catalogue.ts'
import {Pass} from '../../src/incident/hunt/pass.ts'
import {tellStory} from '../../src/simulator/history/story.ts'

/*
 * One pass of all hunts over a saved log, against merely parsing the same JSON lines: processor time and peak memory, each in a
 * process of its own, alternating; medians. Time is printed, not asserted: the machine is shared and noisy. Memory is.
 * `node test/bench/hunt.ts [EVENTS]`
 */

const MEGABYTE = 1 << 20
const MAX_RSS = 256 * MEGABYTE
const GOAL_RATIO = 2
const RUNS = 3
const NOW = Date.UTC(2026, 10, 22, 3)
const HOST = 'acme.eu.auth0.com'
const STORY = {journey: 'J1', seed: 4, now: NOW, host: HOST, audience: `https://${HOST}/api/v2/`} as const

const [mode = '1000000', file = ''] = process.argv.slice(2)
if (mode === 'parse') parse(file)
else if (mode === 'hunt') hunt(file)
else bench(Number(mode))

function parse(from: string): void {
  const started = process.cpuUsage()
  let entries = 0
  for (const {text} of linesOf(from)) if (typeof JSON.parse(text ?? '') === 'object') entries++
  report(started, entries, '')
}

function hunt(from: string): void {
  const story = tellStory(STORY)
  const {client_id} = story.leaked
  const leaked_at = new Date(story.leaked_at).toISOString()
  const clients = [{client_id, how: 'leaked' as const, since: leaked_at}]
  const thieves = new Set(story.scenes.flatMap(({by, event}) => (by === 'attacker' ? [String(event['ip'])] : [])))
  const pass = new Pass(HUNTS, {
    facts: {clients, leaked_at, contained_at: new Date(story.contained_at).toISOString(), probed: []},
    clients: new Map(clients.map((one) => [one.client_id, one])),
    sets: {
      compromised_clients: new Set([client_id]),
      suspect_addresses: thieves,
      suspect_fingerprints: new Set(['t13d1516h2_8daaf6152771_b186095e22b6']),
      own_correlation_ids: new Set(story.own.requests.map((one) => one.correlation_id)),
      own_clients: new Set([story.own.client_id]),
      own_tokens: new Set(['OurOwnTokenJti00000001']),
      critical_scopes: new Set(['update:clients']),
      canonical_hosts: new Set([HOST]),
    },
  })
  const started = process.cpuUsage()
  for (const {text} of linesOf(from)) pass.see(savedLogEntry(JSON.parse(text ?? '')))
  report(started, pass.entries, `${pass.groups.all.length} kinds of hits, ${pass.actors.all.length} actors`)
}

interface Measured {
  readonly ms: number
  readonly entries: number
  readonly rss: number
  readonly about: string
}

/** Processor time: what else the machine does meanwhile does not count. */
function report(started: NodeJS.CpuUsage, entries: number, about: string): void {
  const {user, system} = process.cpuUsage(started)
  const measured: Measured = {ms: (user + system) / 1000, entries, rss: process.resourceUsage().maxRSS * 1024, about}
  process.stdout.write(JSON.stringify(measured))
}

/** A busy tenant: nine in ten entries are of users; the rest is what services, administrators and an attacker do. */
function write(to: string, events: number): void {
  const out = openSync(to, 'w')
  const {scenes} = tellStory(STORY)
  const users = scenes.filter(({event}) => event['connection'] !== undefined)
  let text = ''
  for (let i = 0; i < events; i++) {
    const scene = i % 10 === 0 ? scenes[(i / 10) % scenes.length] : users[i % users.length]
    const date = new Date(NOW - 86_400_000 + Math.floor((i / events) * 86_400_000)).toISOString()
    const log_id = `900${date.replaceAll(/\D/g, '')}${String(i).padStart(36, '0')}`
    const person =
      i % 10 === 0
        ? {}
        : {
            ip: `198.18.${(i >> 8) & 255}.${i & 255}`,
            user_id: `auth0|${String(i).padStart(24, '0')}`,
            hostname: 'login.acme.example',
          }
    text += `${JSON.stringify({_id: log_id, log_id, date, ...scene?.event, ...person})}\n`
    if (text.length > MEGABYTE) {
      writeSync(out, text)
      text = ''
    }
  }
  writeSync(out, text)
  closeSync(out)
}

function run(what: 'parse' | 'hunt', from: string): Measured {
  const child = spawnSync(process.execPath, [import.meta.filename, what, from], {encoding: 'utf8'})
  if (child.status !== 0) throw new TypeError(child.stderr)
  return JSON.parse(child.stdout) as Measured
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

function bench(events: number): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'stanch-hunt-'))
  try {
    const log = path.join(folder, 'log.jsonl')
    write(log, events)
    const size = statSync(log).size
    const parsed: Measured[] = []
    const hunted: Measured[] = []
    for (let i = 0; i < RUNS; i++) {
      parsed.push(run('parse', log))
      hunted.push(run('hunt', log))
    }
    const perEvent = (all: readonly Measured[]) => (median(all.map(({ms}) => ms)) / events) * 1e6
    const ratio = perEvent(hunted) / perEvent(parsed)
    const rss = Math.max(...hunted.map((one) => one.rss))
    process.stdout.write(
      [
        `${events} events, ${Math.round(size / events)} bytes each, medians of ${RUNS} runs`,
        `parse alone: ${Math.round(perEvent(parsed))} ns of processor time an event, ${Math.round(Math.max(...parsed.map((one) => one.rss)) / MEGABYTE)} MiB`,
        `all hunts:   ${Math.round(perEvent(hunted))} ns an event, ${Math.round(rss / MEGABYTE)} MiB; ${hunted[0]?.about}`,
        `ratio ${ratio.toFixed(2)} (goal at most ${GOAL_RATIO})`,
        '',
      ].join('\n'),
    )
    const checks = [
      [rss <= MAX_RSS, `peak memory ${Math.round(rss / MEGABYTE)} MiB is over 256 MiB`],
      [hunted.every(({entries}) => entries === events), 'not every event was seen'],
    ] as const
    for (const [fine, problem] of checks) if (!fine) process.stdout.write(`✖ ${problem}\n`)
    const failed = checks.filter(([fine]) => !fine).length
    process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`)
    process.exitCode = failed === 0 ? 0 : 1
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}
