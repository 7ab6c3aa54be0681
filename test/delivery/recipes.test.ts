import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import {deliver, parseSink, trySink} from '../../src/delivery/sink.ts'
import {Secret} from '../../src/secret.ts'
import {temporaryFolder} from '../support/folder.ts'
import {marker, withCommand} from './command.ts'
import {RECIPES} from './recipes.ts'

/**
 * Each stand-in writes down its arguments and reads the secret where the real program does: vault, gcloud and op read
 * standard input for a hyphen; aws and az open the path that they are given.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  vault: 'for a in "$@"; do case "$a" in *=-) cat > "$OUT/in";; esac; done',
  gcloud: 'for a in "$@"; do case "$a" in --data-file=-) cat > "$OUT/in";; esac; done',
  op: 'for a in "$@"; do case "$a" in -) cat > "$OUT/in";; esac; done',
  aws: 'for a in "$@"; do case "$a" in file://*) cat "${a#file://}" > "$OUT/in";; esac; done',
  az: 'for a in "$@"; do case "$a" in /*) cat "$a" > "$OUT/in";; esac; done',
}

for (const {service, sink: text} of RECIPES) {
  test(`the recipe for ${service} hands over exactly the secret and shows it in no argument`, async (t) => {
    const folder = temporaryFolder(t)
    const sink = parseSink(text)
    assert.ok(sink.kind === 'exec')
    const [name, ...args] = sink.argv
    const bin = withCommand(
      folder,
      name ?? '',
      `for a in "$@"; do printf '%s\\n' "$a"; done > "$OUT/argv"\n${STAND_INS[name ?? ''] ?? 'exit 9'}`,
    )
    const env = {OUT: folder, PATH: `${bin}:/usr/bin:/bin`}
    const secret = new Secret(marker())
    await trySink(sink, {env}, {fresh: true})
    assert.deepEqual(await deliver(sink, secret, {env}), {result: 'ok'})
    assert.equal(readFileSync(path.join(folder, 'in'), 'utf8'), secret.reveal())
    assert.equal(readFileSync(path.join(folder, 'argv'), 'utf8'), `${args.join('\n')}\n`)
  })
}
