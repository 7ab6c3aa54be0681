import path from 'node:path'

import {systemClock} from '../clock.ts'
import {parseSink, trySink} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import type {Responder, TypedDecision} from '../execution/responder.ts'
import {makeClient, refuseExisting} from '../execution/setup.ts'
import type {MadeClient, WantedClient} from '../execution/setup.ts'
import {ensureFolder} from '../files/write.ts'
import {ADVISED_CLIENTS, advisedCapabilities, scopesOf} from '../incident/capabilities.ts'
import type {Secret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import {openTrail, recordTokens} from './context.ts'
import type {Connected, Place} from './context.ts'
import {ActTrail} from '../execution/act-trail.ts'

export interface SetupResult {
  readonly status: 'planned' | 'done' | 'partial' | 'declined'
  readonly simulated: boolean
  readonly tenant: string
  readonly clients: readonly MadeClient[]
  readonly audit?: {readonly records: number; readonly size: number; readonly root_hash: string; readonly checkpoint: string}
  readonly next: readonly string[]
}

export interface SetupOptions {
  readonly only?: 'assess' | 'contain' | undefined
  readonly capabilities?: readonly string[] | undefined
  /** With more than one client `{client}` stands for its name. */
  readonly deliver?: string | undefined
  readonly reason?: string | undefined
  readonly dry_run: boolean
}

export interface SetupJob {
  readonly place: Place
  readonly connected: Connected
  readonly responder: Responder
  readonly options: SetupOptions
  readonly interruption: {readonly requested: boolean}
  readonly say: (line: string) => void
  readonly showOnTerminal?: ((secret: Secret) => Promise<void>) | undefined
}

/** What setup itself needs: to see whether a name is taken, to make the client, to authorise it. */
const NEEDED = ['read:clients', 'create:clients', 'create:client_grants']

/** Which clients, with which scopes, and where each secret goes. @throws usage.* | sink.invalid: nothing was sent */
export function wantedClients(place: {readonly data: string}, options: SetupOptions): WantedClient[] {
  const names = ADVISED_CLIENTS.filter((name) => options.only === undefined || name === `stanch-${options.only}`)
  if (options.capabilities !== undefined && options.only === undefined) {
    throw new StanchError('usage.invalid', 'Capabilities are chosen for one client.', {
      hint: 'Name it: stanch setup assess, or stanch setup contain.',
    })
  }
  if (
    options.deliver !== undefined &&
    options.deliver !== 'prompt' &&
    names.length > 1 &&
    !options.deliver.includes('{client}')
  ) {
    throw new StanchError('usage.invalid', 'Two clients are made, and this sink takes one secret.', {
      hint: 'Write {client} where its name belongs, as in file:/run/secrets/{client}; or make one at a time: stanch setup assess.',
    })
  }
  const folder = path.join(place.data, 'setup')
  const stamp = new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, '')
  return names.map((name) => {
    const capabilities = options.capabilities ?? advisedCapabilities(name)
    const fallback = {kind: 'file', path: path.join(folder, `${name}-${stamp}`)} as const
    return {
      name,
      capabilities,
      scopes: scopesOf(capabilities),
      sink: options.deliver === undefined ? fallback : parseSink(options.deliver.replaceAll('{client}', name)),
      fallback,
    }
  })
}

/**
 * Machine clients with the least scopes, made with a hand-made token. Nothing is sent but reads until everything that
 * can be known beforehand is in order: scopes, names that are free, a place for each secret, consent.
 */
export async function runSetup(job: SetupJob, wanted: readonly WantedClient[]): Promise<SetupResult> {
  const {connected, options} = job
  const {tenant} = connected
  const operator = await tenant.operator()
  const missing = NEEDED.filter((scope) => !operator.scopes.includes(scope))
  if (missing.length > 0) {
    throw new StanchError('auth0.scope_missing', `This credential lacks ${missing.join(', ')}. Nothing was sent.`, {
      hint: 'Copy a token from the Dashboard (Applications > APIs > Auth0 Management API > API Explorer, short expiration) into AUTH0_API_TOKEN.',
    })
  }
  await refuseExisting(
    tenant,
    wanted.map((one) => one.name),
  )
  const about = {simulated: connected.mode === 'sim', tenant: connected.origin.host}
  if (options.dry_run)
    return {status: 'planned', ...about, clients: wanted.map(planned), next: ['stanch setup without --dry-run']}

  const deps = {env: job.place.env, ...(job.showOnTerminal ? {showOnTerminal: job.showOnTerminal} : {})}
  ensureFolder(path.join(connected.paths.data, 'setup'))
  for (const one of wanted) await trySink(one.sink, deps, {fresh: true})

  const trail = await openTrail(job.place, connected.mode)
  const journal = new ActTrail(trail, about.tenant)
  try {
    await recordTokens(trail, connected)
    if (options.reason !== undefined) journal.note(`setup: ${options.reason}`)
    const agreed = await job.responder.decide(confirmation(connected, wanted))
    journal.decision('setup.confirm', agreed ? 'yes' : 'no')
    const clients: MadeClient[] = []
    if (agreed)
      for (const one of wanted)
        clients.push(await makeClient({tenant, journal, deps, interruption: job.interruption, say: job.say}, one))
    const {size, root, text} = trail.checkpoint(true)
    const audit = {records: size, size, root_hash: root, checkpoint: text}
    if (!agreed) return {status: 'declined', ...about, clients: wanted.map(planned), audit, next: ['Nothing was changed.']}
    const whole = clients.every(
      (one) => one.client === 'done' && one.grant === 'done' && one.delivery?.result === 'ok' && one.left === undefined,
    )
    return {status: whole ? 'done' : 'partial', ...about, clients, audit, next: nextOf(clients, about.tenant)}
  } finally {
    trail.close(job.interruption.requested ? 'interrupted' : 'done')
  }
}

function planned(one: WantedClient): MadeClient {
  return {name: one.name, capabilities: one.capabilities, scopes: one.scopes, client: 'planned', grant: 'planned'}
}

function confirmation(connected: Connected, wanted: readonly WantedClient[]): TypedDecision {
  return {
    id: 'setup.confirm',
    kind: 'typed',
    ask: `Make ${wanted.length} machine client(s) on ${connected.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(connected.origin.host)}?`,
    screen: wanted.flatMap((one) => [
      `${one.name}, authorised for the Management API with exactly:`,
      `  ${one.scopes.join(' ')}`,
    ]),
    why: 'A credential with fewer rights is worth less to whoever steals it.',
    effect: 'New applications with a client grant each. Nothing that exists is changed.',
    undo: 'Delete the clients in the Dashboard; their grants go with them.',
    expected: 'make',
    unattended: false,
  }
}

function nextOf(clients: readonly MadeClient[], domain: string): string[] {
  return clients.flatMap((one) => [
    ...(one.left === undefined ? [] : [`${one.name}: ${one.left}`]),
    ...(one.client === 'done' && one.client_id !== undefined
      ? [
          `stanch profile add ${one.name.replace('stanch-', '')} --domain ${domain} --client-id ${one.client_id} --secret-ref env:NAME|file:PATH|exec:COMMAND`,
        ]
      : []),
  ])
}

export function setupLines(result: SetupResult): string[] {
  const said = {planned: 'would be made', done: 'made', partial: 'partly made', declined: 'not made'}[result.status]
  return [
    `Machine clients ${said} on ${result.simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(result.tenant)}:`,
    ...result.clients.flatMap((one) => [
      `  ${one.name}${one.client_id === undefined ? '' : ` ${one.client_id}`}: client ${one.client.replace('_', ' ')}, grant ${one.grant.replace('_', ' ')}${one.delivery ? `, secret to ${one.delivery.sink}: ${one.delivery.result}` : ''}`,
      `    scopes: ${one.scopes.join(' ')}`,
    ]),
    ...(result.next.length > 0 ? ['', 'Next:', ...result.next.map((line) => `  ${line}`)] : []),
  ]
}
