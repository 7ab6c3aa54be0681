import path from 'node:path'

import {systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {ensureFolder, removeFile, writeDurably} from '../files/write.ts'
import {FAULT_KINDS} from '../simulator/faults.ts'
import type {Fault} from '../simulator/faults.ts'
import type {Simulator, SimulatorOptions} from '../simulator/server.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'
import {startTenant} from './simulator.ts'

/** What somebody needs to practise on a running simulated tenant. Secrets are in the files only. */
export interface PracticeTenant {
  readonly origin: string
  readonly scenario: string
  readonly operator: {readonly client_id: string}
  /** `set -a; . FILE` connects this shell. */
  readonly env_file: string
  readonly leak: {readonly kind: string; readonly client_id: string; /** For --credential-file. */ readonly file: string}
  readonly ca_file?: string
}

export interface PracticeOptions {
  readonly scenario: string
  readonly port?: number | undefined
  readonly tls: boolean
  readonly plan: 'free' | 'paid' | 'enterprise'
  readonly round_trip_ms: number
  readonly intent_check: boolean
  readonly seed?: number | undefined
  readonly faults: readonly string[]
}

export interface Practice {
  readonly about: PracticeTenant
  /** The two simulated values, for the screen of a person. */
  readonly shown: {readonly client_secret: string; readonly leaked: string}
  stop(): Promise<void>
}

/** Starts a simulated tenant and writes what it takes to use it into 0600 files of the data folder. */
export async function startPractice(place: Place, options: PracticeOptions): Promise<Practice> {
  const faults = options.faults.map(parseFault)
  const wanted = await simulatorOptions(options, faults)
  const simulator = options.intent_check
    ? await startTenant(place, wanted)
    : await (await import('../simulator/server.ts')).startSimulator({clock: systemClock, ...wanted})
  try {
    const {origin, scenario, practice} = simulator
    const folder = path.join(pathsOf(place).data, 'simulator', new URL(origin).port)
    ensureFolder(folder)
    const files = {env: path.join(folder, 'env'), leak: path.join(folder, 'leaked'), ca: path.join(folder, 'ca.pem')}
    const about: PracticeTenant = {
      origin,
      scenario,
      operator: {client_id: practice.operator.client_id},
      env_file: files.env,
      leak: {kind: practice.leak.kind, client_id: practice.leak.client_id, file: files.leak},
      ...(simulator.ca === undefined ? {} : {ca_file: files.ca}),
    }
    writeDurably(files.env, environment(simulator, about))
    writeDurably(files.leak, practice.leak.value)
    if (simulator.ca !== undefined) writeDurably(files.ca, simulator.ca)
    return {
      about,
      shown: {client_secret: practice.operator.client_secret, leaked: practice.leak.value},
      async stop() {
        for (const file of Object.values(files)) removeFile(file)
        await simulator.stop()
      },
    }
  } catch (error) {
    await simulator.stop()
    throw error
  }
}

async function simulatorOptions(options: PracticeOptions, faults: readonly Fault[]): Promise<Partial<SimulatorOptions>> {
  const tls = options.tls ? {tls: await (await import('../simulator/certificate.ts')).loopbackCertificate(systemClock.now())} : {}
  return {
    scenario: options.scenario,
    plan: options.plan,
    roundTripMs: options.round_trip_ms,
    faults,
    ...tls,
    ...(options.port === undefined ? {} : {port: options.port}),
    ...(options.seed === undefined ? {} : {seed: options.seed}),
  }
}

/** One fault as JSON, such as `{"on":"client_secret.rotate","do":"lose_answer"}`. @throws usage.invalid */
function parseFault(text: string): Fault {
  let fault: unknown
  try {
    fault = JSON.parse(text)
  } catch {
    fault = undefined
  }
  const {on, do: what} = (typeof fault === 'object' && fault !== null ? fault : {}) as {on?: unknown; do?: unknown}
  if (typeof on === 'string' && FAULT_KINDS.includes(what as Fault['do'])) return fault as Fault
  throw new StanchError('usage.invalid', 'A fault is a JSON object with "on" and "do".', {
    hint: `For example {"on":"client_secret.rotate","do":"lose_answer"}; "do" is one of ${FAULT_KINDS.join(', ')}.`,
  })
}

function environment(simulator: Simulator, about: PracticeTenant): string {
  const {operator} = simulator.practice
  const lines = {
    AUTH0_DOMAIN: about.origin,
    AUTH0_CLIENT_ID: operator.client_id,
    AUTH0_CLIENT_SECRET: operator.client_secret,
    ...(about.ca_file === undefined ? {} : {STANCH_CA_FILE: about.ca_file}),
  }
  return [
    '# SIMULATED: these open nothing but the tenant that stanch simulator start runs on this machine.',
    ...Object.entries(lines).map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'`),
    '',
  ].join('\n')
}

export function practiceLines(practice: Practice): string[] {
  const {about, shown} = practice
  return [
    `SIMULATED tenant at ${about.origin}, scenario ${about.scenario}. Nothing here is real; Ctrl-C ends it.`,
    '',
    'In another terminal, connect (the secret below is simulated, too):',
    `  set -a; . ${about.env_file}; set +a`,
    'which does',
    `  export AUTH0_DOMAIN=${about.origin}`,
    `  export AUTH0_CLIENT_ID=${about.operator.client_id}`,
    `  export AUTH0_CLIENT_SECRET=${shown.client_secret}   # SIMULATED`,
    ...(about.ca_file === undefined ? [] : [`  export STANCH_CA_FILE=${about.ca_file}`]),
    '',
    `What leaked: ${about.leak.kind} of client ${about.leak.client_id}; the SIMULATED value is in ${about.leak.file}`,
    '',
    'Practise:',
    '  stanch respond',
    `  stanch respond --yes --leak ${about.leak.kind} --client ${about.leak.client_id} --credential-file ${about.leak.file} --reason practice --deliver file:/tmp/new-secret`,
  ]
}
