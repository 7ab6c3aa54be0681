import {deepEqual, equal, ok} from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {describe, test} from 'node:test'

import {commandSnapshot, SNAPSHOT} from '../support/command-snapshot.ts'

/** The commands of the design whose issues have landed. */
const PROMISED = [
  'respond', 'faq', 'token inspect', 'token get', 'exposure', 'client list', 'client show', 'grant list', 'grant delete', 'grant restore', 'secret rotate', 'secret verify',
  'secret deliver', 'secret open', 'plan', 'execute', 'resume', 'incident list', 'incident show', 'incident note', 'incident update', 'incident approve', 'incident close', 'audit reconcile', 'audit anchor', 'audit witness request', 'audit witness sign', 'audit witness add', 'audit show', 'audit export', 'audit verify',
  'runbook list', 'runbook show', 'runbook lint', 'drill', 'simulator start', 'bundle', 'report', 'assess', 'profile add', 'profile list', 'profile show', 'profile remove', 'doctor', 'setup', 'completion',
]

/** Commands that open an incident. `resume` goes on with one, whose reason and plan are on record. */
const CHANGING = ['respond', 'grant delete', 'grant restore', 'secret rotate', 'execute']

describe('the command line', () => {
  const surface = commandSnapshot()

  test('is the one of the snapshot (after a deliberate change: node test/support/command-snapshot.ts --write)', () => {
    deepEqual(surface, JSON.parse(readFileSync(SNAPSHOT, 'utf8')))
  })

  test('has every command that is promised', () => {
    for (const command of PROMISED) ok(command in surface, command)
  })

  test('every command has --json and --log-level', () => {
    for (const [command, {flags}] of Object.entries(surface)) {
      equal(flags['--json'], '', command)
      ok('--log-level' in flags, command)
    }
  })

  test('commands that change a tenant can be told yes, why, and to look only', () => {
    for (const command of CHANGING) {
      for (const flag of ['--yes, -y', '--reason', '--dry-run', '--include-own', '--max-actions']) ok(flag in (surface[command]?.flags ?? {}), `${command} ${flag}`)
    }
    for (const flag of ['--yes, -y', '--include-own', '--max-actions', '--credential-file', '--deliver']) ok(flag in (surface['resume']?.flags ?? {}), flag)
  })

  test('no flag takes a secret as its value', () => {
    for (const [command, {flags}] of Object.entries(surface)) {
      for (const flag of Object.keys(flags)) ok(!/^--(client-)?(secret|token|password|assertion|private-key|api-token)$/.test(flag), `${command} ${flag}`)
    }
  })

  test('at most one positional argument', () => {
    for (const [command, {args}] of Object.entries(surface)) ok(args.length <= 1, command)
  })
})
