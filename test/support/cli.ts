import {equal, ok} from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'

import {rfc3339} from '../../src/clock.ts'
import {MAIN, stanch} from './run-stanch.ts'
import type {Home, PracticeTenant, Ran, RunOptions} from './run-stanch.ts'

/** Runs the built program; says so when there is none. */
export async function run(home: Home, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  ok(existsSync(MAIN), `${MAIN} is missing: run "npm run build" first`)
  return stanch(home, argv, options)
}

/** Puts a value into a file of the home, 0600, and gives its path. */
export function fileOf(home: Home, name: string, value: string): string {
  const file = path.join(home.folder, name)
  writeFileSync(file, value, {mode: 0o600})
  return file
}

/** Nothing that the tenant ever made secret stands in what the program printed. */
export function noSecrets(tenant: PracticeTenant, ...ran: readonly Ran[]): void {
  const secrets = tenant.tenant.knownSecrets()
  ok(secrets.length > 0)
  for (const {stdout, stderr} of ran) {
    for (const secret of secrets) ok(!stdout.includes(secret) && !stderr.includes(secret), 'a secret was printed')
  }
}

/** No secret of the tenant stands in a file of the trail. */
export function noSecretsOnDisk(tenant: PracticeTenant, home: Home): void {
  let seen = 0
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const full = path.join(folder, name)
      if (statSync(full).isDirectory()) visit(full)
      else {
        seen += 1
        const text = readFileSync(full, 'latin1')
        for (const secret of tenant.tenant.knownSecrets()) ok(!text.includes(secret), `a secret stands in ${full}`)
      }
    }
  }
  visit(path.join(home.data, 'trail-sim'))
  ok(seen > 0, 'there is no trail to look into')
}

/** An incident that was worked unattended, with the leaked value at hand: grants off, rotated, proven. */
export async function contained(
  home: Home,
  tenant: PracticeTenant,
  options: {deliver?: string; expect?: number; more?: readonly string[]} = {},
): Promise<{id: string; leaked: string; client: string; ran: Ran}> {
  const {client_id: client, value} = tenant.practice.leak
  const leaked = fileOf(home, 'leaked', `${value}\n`)
  const sink = options.deliver ?? `file:${path.join(home.folder, 'new-secret')}`
  const argv = [
    'respond',
    '--leak',
    'client-secret',
    '--client',
    client,
    '--credential-file',
    leaked,
    '--deliver',
    sink,
    '--reason',
    'a test',
    '--yes',
    '--json',
  ]
  const more = options.more ?? []
  // A leak that the log reaches back to, as it mostly is: else what was issued before the log counts with 30 days.
  const when = more.includes('--leaked-at') ? [] : ['--leaked-at', rfc3339(tenant.tenant.clock.now() - 3600)]
  const ran = await run(home, [...argv, ...when, ...more], {env: tenant.connection})
  equal(ran.code, options.expect ?? 0, ran.stderr + ran.stdout.slice(0, 2000))
  return {id: String(ran.json()['incident_id']), leaked, client, ran}
}

/** A connection to an address where nobody listens. */
export const NOBODY = {
  AUTH0_DOMAIN: 'http://127.0.0.1:9',
  AUTH0_CLIENT_ID: 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6',
  AUTH0_CLIENT_SECRET: 'no-secret-of-anybody-0123456789',
}
