import {deepEqual, equal, match, ok} from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'

import {run} from '../support/cli.ts'
import {newHome, practiceTenant} from '../support/run-stanch.ts'

test('a leaked signing secret is no way through a client: nothing of the client stands as open, and no instant as all clear', async (t) => {
  const home = newHome(t)
  const tenant = await practiceTenant(t, home)
  const at = {env: tenant.connection}
  const file = path.join(home.folder, 'plan.json')
  const planned = await run(
    home,
    ['plan', '--leak', 'signing-secret', '--client', tenant.practice.leak.client_id, '--output', file],
    at,
  )
  equal(planned.code, 0, planned.stderr)
  match(planned.stdout, /6 step\(s\) for people/)
  ok(!planned.stdout.includes('to a token'), planned.stdout)

  const dry = await run(home, ['execute', file, '--dry-run'], at)
  equal(dry.code, 0, dry.stderr)
  match(dry.stdout, /^All clear: {2}none to wait for/m)
  ok(!/until the all clear|until then/.test(dry.stdout), dry.stdout)

  const ran = await run(home, ['execute', file, '--yes', '--reason', 'x', '--json'], at)
  equal(ran.code, 6, ran.stderr)
  const result = ran.json() as any
  equal(result.status, 'partial')
  deepEqual(
    result.evidence_gaps
      .filter(({code}: {code: string}) => ['path_open', 'self_made_tokens'].includes(code))
      .map((gap: any) => gap.code),
    ['self_made_tokens'],
  )
  ok(!result.next.some((step: string) => step.includes('grant delete')), result.next.join('\n'))
  equal(result.next.filter((step: string) => step.includes('--done')).length, 6)
})
