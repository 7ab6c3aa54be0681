/**
 * The events of a drill, and of records with hostile text in them, against the published schemas of OCSF 1.8: Remediation
 * Activity and Incident Finding. Damaged events must be refused.
 */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import process from 'node:process'
import {spawnSync} from 'node:child_process'
import {Ajv2020, type ValidateFunction} from 'ajv/dist/2020.js'
import {ocsfLine} from '../../src/report/siem/ocsf.ts'
import {HOSTILE, PLACES} from '../report/siem/events.ts'
import {finish, sharedFolder} from './shared.ts'

type Json = Record<string, any>

const folder = join(sharedFolder(), 'ocsf')
const ajv = new Ajv2020({strict: false, validateFormats: false, allErrors: true})
const schemas = new Map<number, ValidateFunction>(
  ['remediation_activity.7001', 'incident_finding.2005'].map((name) => [
    Number(name.split('.')[1]),
    ajv.compile(JSON.parse(readFileSync(join(folder, `${name}.schema.json`), 'utf8')) as object),
  ]),
)
let passed = 0
let failed = 0

const drilled = eventsOfDrill()
const acts = drilled.filter((one) => one['class_uid'] === 7001)
const findings = drilled.filter((one) => one['class_uid'] === 2005)
for (const event of drilled) check(event)
// A drill has intents, outcomes and an opening: fewer would mean that something was not looked at.
if (acts.length < 8 || findings.length < 8) report(`a drill gave ${acts.length} acts and ${findings.length} findings only`)
for (const text of HOSTILE) for (const place of PLACES) check(JSON.parse(ocsfLine(place(text))) as Json)
mustFail(acts[0] ?? {}, findings[0] ?? {})
finish('fidelity/ocsf', passed, failed)

/** The built program, a home of its own, a drill and its export. */
function eventsOfDrill(): Json[] {
  const home = mkdtempSync(join(tmpdir(), 'stanch-ocsf-'))
  try {
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      STANCH_DATA_DIR: join(home, 'data'),
      STANCH_CONFIG_DIR: join(home, 'config'),
      STANCH_CACHE_DIR: join(home, 'cache'),
    }
    const stanch = (...argv: string[]) =>
      spawnSync(process.execPath, [join(import.meta.dirname, '../../dist/main.js'), ...argv], {
        env,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      })
    for (const scenario of ['client-secret', 'management-token']) stanch('drill', scenario, '--yes')
    const exported = stanch('audit', 'export', '--format', 'ocsf', '--simulated')
    if (exported.status !== 0) report(`export ended with ${exported.status}: ${exported.stderr.slice(0, 400)}`)
    return exported.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json)
  } finally {
    rmSync(home, {recursive: true, force: true})
  }
}

function problemOf(event: Json): string | undefined {
  const validate = schemas.get(event['class_uid'] as number)
  if (!validate) return `class ${String(event['class_uid'])}`
  if (validate(event)) {
    const {stanch} = event['unmapped'] as Json
    const anchored =
      typeof stanch.origin === 'string' && Number.isSafeInteger(stanch.seq) && /^[0-9a-f]{64}$/.test(stanch.leaf as string)
    return anchored ? undefined : 'no anchor'
  }
  return (validate.errors ?? [])
    .slice(0, 4)
    .map((one) => `${one.instancePath} ${one.message ?? ''} ${JSON.stringify(one.params)}`)
    .join('; ')
}

function check(event: Json): void {
  const problem = problemOf(event)
  if (problem === undefined) passed++
  else report(`${String(event['metadata']?.event_code)}: ${problem}`)
}

/** The check checks: damaged events are refused. */
function mustFail(act: Json, finding: Json): void {
  const {command_uid: _c, ...noCommand} = act
  const {finding_info_list: _f, ...noFinding} = finding
  const {assignee: _a, ...noAssignee} = finding
  const {cloud: _l, ...noCloud} = act
  const damaged: Json[] = [
    noCommand,
    noFinding,
    noAssignee,
    noCloud,
    {...act, class_uid: 2005},
    {...act, activity_id: 6},
    {...act, type_uid: 700199, activity_id: 'Evict'},
    {...act, time: '2026-11-21T10:00:00Z'},
    {...act, severity_id: 7},
    {...act, invented: 1},
    {...act, metadata: {...(act['metadata'] as Json), product: {}}},
    {...act, metadata: {...(act['metadata'] as Json), invented: 1}},
    {...act, remediation: {}},
    {...act, api: {}},
    {...act, unmapped: {stanch: {seq: 1, leaf: 'x'}}},
    {...finding, status_id: 6},
    {...finding, finding_info_list: [{title: 'without uid'}]},
    {...finding, tickets: [{title: 'neither uid nor url'}]},
    {...finding, comment: 7},
    {},
  ]
  for (const [i, event] of damaged.entries()) {
    if (problemOf(event) === undefined) report(`damaged event ${i} passed`)
    else passed++
  }
}

function report(text: string): void {
  failed++
  process.stdout.write(`FAIL ${text}\n`)
}
