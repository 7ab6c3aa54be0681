/*
 * Negative controls: `node test/crash/matrix/mutants.ts [--only PART]`. Each mutant is a copy of the sources with one
 * planted fault; some cells of the matrix must fail on it that hold on the sources as they are. Whoever changes a text that
 * a mutant replaces is told so.
 */
import {spawnSync} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {parseArgs} from 'node:util'

import {ROOT} from '../../support/tree.ts'

interface Mutant {
  readonly name: string
  readonly edits: readonly {readonly file: string; readonly from: string; readonly to: string}[]
  /** Beginnings of the ids of cells; at least one of them must fail. */
  readonly cells: string
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'a rotation without an answer is sent again blindly',
    edits: [
      {
        file: 'src/auth0/resend.ts',
        from: "return (judged === 'not_sent' && reachable(sent)) ||",
        to: "return judged === 'in_doubt' || (judged === 'not_sent' && reachable(sent)) ||",
      },
    ],
    cells: 'E.n6.E8-applied,E.n6.E26-applied',
  },
  {
    name: 'resume rotates again what was in doubt',
    edits: [
      {
        file: 'src/execution/settle.ts',
        from: "if (result === 'not_done') progress.outcomes.delete(step.id)",
        to: "progress.outcomes.delete(step.id)\n      if (result) return 'not_done'",
      },
    ],
    cells: 'A.n6.effect-no-answer,A.n6.answer-no-record',
  },
  {
    name: 'the outcome is written before the new secret is handed over',
    edits: [
      {
        file: 'src/execution/rotate-secret.ts',
        from: 'const delivery = await deliverNow(run, progress, deliverStep, secret, after)\n    run.journal.endRotation(intended, sent, after, delivery)',
        to: "run.journal.endRotation(intended, sent, after, {sink: 'file', result: 'ok', fingerprint: after})\n    await deliverNow(run, progress, deliverStep, secret, after)",
      },
    ],
    cells: 'B.w5.before,B.w5.half',
  },
  {
    name: 'no intent before the rotation',
    edits: [
      {
        file: 'src/execution/rotate-secret.ts',
        from: 'const {sent, body} = await run.tenant.change(mutation, intended.correlation_id)',
        to: "const {sent, body} = await run.tenant.change(mutation, 'stanch-'.padEnd(63, '0'))",
      },
    ],
    cells: 'A.n7.before-send,E.n6.E31',
  },
  {
    name: 'records are not synced',
    edits: [{file: 'src/files/append-file.ts', from: '      fdatasyncSync(this.#fd)\n', to: ''}],
    cells: 'C.p10,C.p14',
  },
  {
    name: 'folders are not synced',
    edits: [
      {
        file: 'src/files/write.ts',
        from: "if (process.platform === 'win32') return",
        to: "if (process.platform !== 'win32' || path === '') return",
      },
    ],
    cells: 'C.p12,C.p20,C.p28',
  },
  {
    name: 'a refusal is claimed on 429',
    edits: [
      {
        file: 'src/auth0/probes.ts',
        from: "  const {sent} = wire\n  if (sent.kind !== 'answered')\n",
        to: "  const {sent} = wire\n  if (sent.kind === 'answered' && sent.status === 429) return {verdict: 'dead', status: 429, ms: sent.ms}\n  if (sent.kind !== 'answered')\n",
      },
    ],
    cells: 'E.n7.E21,E.n7.E22',
  },
  {
    name: 'a rotation that got 429 counts as refused where nobody can look',
    edits: [
      {
        file: 'src/execution/rotate-secret.ts',
        from: 'if (!now || now.fingerprint !== before)\n',
        to: 'if (now && now.fingerprint !== before)\n',
      },
    ],
    cells: 'N.E.n6.E21-applied',
  },
  {
    name: 'the all clear is a day after now, whatever the lifetimes',
    edits: [
      {
        file: 'src/incident/exposure.ts',
        from: 'worst_case_at: rfc3339(worst)',
        to: 'worst_case_at: rfc3339(facts.computed_at + 86_400)',
      },
    ],
    cells: 'F.n2.F10,F.n4.F10',
  },
  {
    name: 'redirects are followed',
    edits: [
      {
        file: 'src/auth0/transport.ts',
        from: '      status = response.statusCode\n',
        to: "      status = response.statusCode\n      const elsewhere = response.headers['location']\n      if (typeof elsewhere === 'string') await fetch(elsewhere, {method: request.method, headers: {...request.headers}, body: request.body ?? null})\n",
      },
    ],
    cells: 'E.n2.E35,E.n6.E35,E.n7.E35',
  },
  {
    name: 'a secret stands in a message',
    edits: [
      {
        file: 'src/execution/rotate-secret.ts',
        from: '    progress.new_secret = secret\n',
        to: '    progress.new_secret = secret\n    process.stderr.write(`new secret ${secret.reveal()}\\n`)\n',
      },
    ],
    cells: 'A.n7.before-send,E.n8.E25',
  },
  {
    name: 'control characters of the tenant reach the terminal',
    edits: [
      {
        file: 'src/untrusted.ts',
        from: 'function escaped(match: string): string {\n',
        to: 'function escaped(match: string): string {\n  if (match) return match\n',
      },
    ],
    cells: 'X.hostile-name',
  },
  {
    name: 'the own client is not recognised',
    edits: [
      {
        file: 'src/incident/guardrails.ts',
        from: 'if (includeOwn || own === undefined || own !== snapshot.client.client_id) return',
        to: 'if (includeOwn || own !== undefined) return',
      },
    ],
    cells: 'X.own-client',
  },
]

const {values} = parseArgs({options: {only: {type: 'string'}}})
const wanted = MUTANTS.filter(({name}) => values.only === undefined || name.includes(values.only))
const work = realpathSync(mkdtempSync(path.join(tmpdir(), 'stanch-mutants-')))
process.on('exit', () => rmSync(work, {recursive: true, force: true}))

/** A copy of the sources with the fault in it, built; a sentence when that cannot be. */
function build(mutant: Mutant | undefined, to: string): string | undefined {
  mkdirSync(to)
  for (const name of ['src', 'runbooks', 'package.json', 'tsconfig.json'])
    cpSync(path.join(ROOT, name), path.join(to, name), {recursive: true})
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(to, 'node_modules'))
  let planted = 0
  for (const {file, from, to: replacement} of mutant?.edits ?? []) {
    const full = path.join(to, file)
    const text = readFileSync(full, 'utf8')
    const changed = text.replace(from, () => replacement)
    if (changed === text) continue
    planted += 1
    writeFileSync(full, changed)
  }
  if (mutant && planted === 0) return `the text to replace is gone from ${mutant.edits[0]?.file}`
  const built = spawnSync(process.execPath, ['src/dev/build.ts'], {cwd: to, encoding: 'utf8'})
  return built.status === 0 ? undefined : `it does not build: ${built.stderr.slice(0, 300)}`
}

/** Plays cells on a build; how many failed, or a sentence when they were not played. */
function play(main: string, cells: string): {failed: number; first: string} | string {
  const {stdout} = spawnSync(process.execPath, ['--no-warnings', path.join(import.meta.dirname, 'run.ts'), '--cell', cells], {
    encoding: 'utf8',
    env: {...process.env, STANCH_MATRIX_MAIN: main},
  })
  const sums = /(\d+) passed, (\d+) failed/.exec(stdout)
  if (!sums || Number(sums[1]) + Number(sums[2]) === 0) return `no cell was played: ${stdout.slice(-200)}`
  return {failed: Number(sums[2]), first: /^ {4}(.*)$/m.exec(stdout)?.[1] ?? ''}
}

let [passed, failed] = [0, 0]
const sound = path.join(work, 'sound')
const problem = build(undefined, sound)
const cells = [...new Set(wanted.flatMap((one) => one.cells.split(',')))].join(',')
const honest = problem ?? play(path.join(sound, 'dist/main.js'), cells)
if (typeof honest === 'string' || honest.failed > 0) {
  failed += 1
  process.stdout.write(
    `the sources as they are: ${typeof honest === 'string' ? honest : `${honest.failed} of these cells fail: ${honest.first}`}\n`,
  )
} else {
  passed += 1
  process.stdout.write('the sources as they are: every one of these cells holds\n')
}
let caught = 0
for (const [index, mutant] of wanted.entries()) {
  const folder = path.join(work, `mutant-${index}`)
  const broken = build(mutant, folder)
  const result = broken ?? play(path.join(folder, 'dist/main.js'), mutant.cells)
  rmSync(folder, {recursive: true, force: true})
  if (typeof result !== 'string' && result.failed > 0) {
    caught += 1
    passed += 1
    process.stdout.write(`caught: ${mutant.name} (${result.first.slice(0, 140)})\n`)
  } else {
    failed += 1
    process.stdout.write(`NOT CAUGHT: ${mutant.name}: ${typeof result === 'string' ? result : 'every cell held'}\n`)
  }
}
process.stdout.write(`${caught} of ${wanted.length} caught\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
