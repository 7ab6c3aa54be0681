import {after} from 'node:test'
import {systemClock} from '../../src/clock.ts'
import {startSimulator, type Simulator, type SimulatorOptions} from '../../src/simulator/server.ts'

export const START = 1_780_000_000

export interface Reply {
  status: number
  // What a test reads out of it, it states itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any
  headers: Headers
}

export interface Bench {
  simulator: Simulator
  /** A token of the operator with every scope named, or the operator's own. */
  token(scope?: string): string
  api(method: string, path: string, options?: {body?: unknown; token?: string; headers?: Record<string, string>}): Promise<Reply>
  oauth(body: Record<string, unknown>, options?: {form?: boolean; headers?: Record<string, string>}): Promise<Reply>
  control(path: string, body?: unknown): Promise<Reply>
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text()
  return {status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown), headers: response.headers}
}

const started: Simulator[] = []
// A test that fails leaves its tenant behind: without this the process would wait for it for ever.
after(() => Promise.all(started.map((simulator) => simulator.stop())))

/** A tenant whose time stands still, without attacker, consumer and propagation unless a test asks for them. */
export async function bench(options: Partial<SimulatorOptions> = {}): Promise<Bench> {
  const simulator = await startSimulator({
    clock: systemClock,
    seed: 11,
    now: START,
    ...options,
    behaviour: {secret_propagation_seconds: 0, log_delay_seconds: 0, attacker: false, consumer: false, ...options.behaviour},
  })
  started.push(simulator)
  const {origin, tenant, practice} = simulator
  const token = (scope?: string) =>
    tenant.issueToken({client_id: practice.operator.client_id, ...(scope === undefined ? {} : {scope})})
  return {
    simulator,
    token,
    async api(method, path, {body, token: bearer = token(), headers = {}} = {}) {
      return reply(
        await fetch(`${origin}/api/v2/${path}`, {
          method,
          headers: {
            ...(bearer === '' ? {} : {authorization: `Bearer ${bearer}`}),
            ...(body === undefined ? {} : {'content-type': 'application/json'}),
            ...headers,
          },
          ...(body === undefined ? {} : {body: typeof body === 'string' ? body : JSON.stringify(body)}),
        }),
      )
    },
    async oauth(body, {form = false, headers = {}} = {}) {
      return reply(
        await fetch(`${origin}/oauth/token`, {
          method: 'POST',
          headers: {'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json', ...headers},
          body: form ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body),
        }),
      )
    },
    async control(path, body) {
      return reply(
        await fetch(`${origin}/.stanch/${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          ...(body === undefined ? {} : {headers: {'content-type': 'application/json'}, body: JSON.stringify(body)}),
        }),
      )
    },
  }
}
