import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {existsSync, readFileSync, statSync} from 'node:fs'
import path from 'node:path'
import {describe, test} from 'node:test'

import {newHome, practiceTenant, stanch} from '../support/run-stanch.ts'

const ID = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'
const BARE = ['profile', 'add', 'prod', '--domain', 'acme.eu.auth0.com']
const ADD = [...BARE, '--client-id', ID]
/** Shaped like the client secrets that Auth0 makes. */
const SECRET = 'kJ3-xW9_aQ5rT7yU1iO2pL4mN6bV8cZ0dF3gH5jK7lS9wE1qR2tY4uI6oP8aD0fG'
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLWJ5dGVz'

describe('stanch profile', () => {
  test('add, list, show, use, remove', async (t) => {
    const home = newHome(t)
    const tenant = await practiceTenant(t, home)
    const {client_id, client_secret} = tenant.practice.operator
    const added = await stanch(home, [
      'profile',
      'add',
      'drill',
      '--domain',
      tenant.origin,
      '--client-id',
      client_id,
      '--secret-ref',
      'env:DRILL_SECRET',
      '--json',
    ])
    equal(added.code, 0, added.stdout)
    equal(statSync(path.join(home.config, 'profiles.json')).mode & 0o777, 0o600)
    const {profiles} = (await stanch(home, ['profile', 'list', '--json'])).json() as {profiles: unknown[]}
    deepEqual(profiles, [{name: 'drill', domain: tenant.origin, client_id, client_secret: 'env:DRILL_SECRET'}])
    deepEqual((await stanch(home, ['profile', 'show', 'drill', '--json'])).json(), profiles[0])
    const used = await stanch(home, ['faq', 'token-lifetime', '--profile', 'drill', '--json'], {
      env: {DRILL_SECRET: client_secret},
    })
    equal(used.json()['tenant'], tenant.host, used.stderr)
    equal((await stanch(home, ['profile', 'remove', 'drill'])).code, 0)
    equal((await stanch(home, ['profile', 'show', 'drill'])).code, 2)
  })

  for (const [what, flags] of [
    ['a client secret as reference', ['--secret-ref', SECRET]],
    ['a client secret behind env:', ['--secret-ref', `env:${SECRET.replaceAll('-', '_')}`]],
    ['a client secret as word of a command', ['--secret-ref', `exec:echo ${SECRET}`]],
    ['a token as reference', ['--token-ref', JWT]],
    ['a token in a command', ['--token-ref', `exec:echo ${JWT}`]],
    ['a token as key id', ['--secret-ref', 'env:X', '--key-id', JWT]],
    ['a client secret as client id', ['--secret-ref', 'env:X', '--client-id', SECRET]],
    ['a value without env:, file: or exec:', ['--secret-ref', 'hunter2']],
    ['a private key', ['--private-key-ref', '-----BEGIN PRIVATE KEY-----']],
  ] as const) {
    test(`refuses ${what}, does not repeat it, stores nothing, and says that it leaked`, async (t) => {
      const home = newHome(t)
      const ran = await stanch(home, [...(flags.includes('--client-id' as never) ? BARE : ADD), ...flags])
      equal(ran.code, 2)
      const shown = ran.stdout + ran.stderr
      for (const value of [SECRET, SECRET.replaceAll('-', '_'), JWT, 'hunter2']) ok(!shown.includes(value))
      match(shown, /treat it as\s+leaked/)
      equal(existsSync(path.join(home.config, 'profiles.json')), false)
    })
  }

  for (const [what, flags] of [
    ['no reference', []],
    ['two references', ['--secret-ref', 'env:A', '--token-ref', 'env:B']],
    ['a relative file', ['--secret-ref', 'file:secret.txt']],
    ['a command of this folder', ['--secret-ref', 'exec:./secret.sh']],
    ['an unknown algorithm', ['--private-key-ref', 'env:A', '--signing-alg', 'HS256']],
  ] as const) {
    test(`refuses ${what}`, async (t) => {
      const home = newHome(t)
      equal((await stanch(home, [...ADD, ...flags])).code, 2)
      equal(existsSync(path.join(home.config, 'profiles.json')), false)
    })
  }

  test('refuses plain http beyond loopback and names that are paths', async (t) => {
    const home = newHome(t)
    equal(
      (
        await stanch(home, [
          'profile',
          'add',
          'x',
          '--domain',
          'http://acme.eu.auth0.com',
          '--client-id',
          ID,
          '--secret-ref',
          'env:A',
        ])
      ).code,
      2,
    )
    equal(
      (
        await stanch(home, [
          'profile',
          'add',
          '../x',
          '--domain',
          'acme.eu.auth0.com',
          '--client-id',
          ID,
          '--secret-ref',
          'env:A',
        ])
      ).code,
      2,
    )
  })

  test('a name that exists is replaced only with --replace', async (t) => {
    const home = newHome(t)
    equal((await stanch(home, [...ADD, '--secret-ref', 'env:A'])).code, 0)
    equal((await stanch(home, [...ADD, '--secret-ref', 'env:B'])).code, 2)
    match(readFileSync(path.join(home.config, 'profiles.json'), 'utf8'), /env:A/)
    equal((await stanch(home, [...ADD, '--secret-ref', 'env:B', '--replace'])).code, 0)
    match(readFileSync(path.join(home.config, 'profiles.json'), 'utf8'), /env:B/)
  })
})
