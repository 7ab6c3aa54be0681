import {requestOf} from '../auth0/mutations.ts'
import type {Mutation} from '../auth0/mutations.ts'
import {judge} from '../auth0/sent.ts'
import type {Change, Tenant} from '../auth0/tenant.ts'
import type {ClientGrantBody} from '../auth0/resources/client-grant.ts'
import {deliver, describeSink} from '../delivery/sink.ts'
import type {Sink, SinkDeps} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import type {Secret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'
import type {ActTrail, Intended} from './act-trail.ts'

/** A machine client that is to be made. */
export interface WantedClient {
  readonly name: string
  readonly capabilities: readonly string[]
  /** Of the Management API; its grant holds exactly these. */
  readonly scopes: readonly string[]
  readonly sink: Sink
  /** A 0600 file that takes the secret when the sink does not. */
  readonly fallback: Sink
}

export type SetupOutcome = 'planned' | 'done' | 'refused' | 'in_doubt' | 'not_attempted'

export interface MadeClient {
  readonly name: string
  readonly client_id?: string
  readonly capabilities: readonly string[]
  readonly scopes: readonly string[]
  readonly client: SetupOutcome
  readonly grant: SetupOutcome
  readonly grant_id?: string
  readonly delivery?: {readonly sink: string; readonly result: 'ok' | 'failed'}
  /** What a person has to do about it. Printable. */
  readonly left?: string
}

/** What the acts of setup are carried out with. Its records belong to no incident. */
export interface SetupRun {
  readonly tenant: Tenant
  readonly journal: ActTrail
  readonly deps: SinkDeps
  readonly interruption: {readonly requested: boolean}
  readonly say: (line: string) => void
}

/** Most applications that are looked through for a name that is taken. */
const MOST_CLIENTS = 100_000

/**
 * A client that exists is not widened and not doubled: somebody else may use it.
 * @throws guard.client_exists
 */
export async function refuseExisting(tenant: Tenant, names: readonly string[]): Promise<void> {
  const taken = await clientsNamed(tenant, names)
  const [first] = taken
  if (!first) return
  throw new StanchError(
    'guard.client_exists',
    `There is a client ${quoted(first.name)} already (${first.client_id}). Nothing was changed.`,
    {
      hint: 'Use it as it is (stanch doctor shows what it can do), or rename or delete it in the Dashboard and run setup again. Setup never changes a client.',
    },
  )
}

async function clientsNamed(tenant: Tenant, names: readonly string[]): Promise<{client_id: string; name: string}[]> {
  const found: {client_id: string; name: string}[] = []
  let seen = 0
  for await (const {client_id, name = ''} of tenant.listClients()) {
    if (names.includes(name)) found.push({client_id, name})
    if (++seen >= MOST_CLIENTS) break
  }
  return found
}

/**
 * Makes one client, hands its secret over and gives it its grant, in this order: a secret that cannot be handed over
 * is then of no use to anybody. Each change has its intent on disk first and its outcome after; nothing is sent twice.
 */
export async function makeClient(run: SetupRun, wanted: WantedClient): Promise<MadeClient> {
  const base = {name: wanted.name, capabilities: wanted.capabilities, scopes: wanted.scopes}
  if (run.interruption.requested)
    return {...base, client: 'not_attempted', grant: 'not_attempted', left: 'interrupted before it began'}
  run.say(`Making client ${quoted(wanted.name)} ...`)
  const made = await create(
    run,
    {kind: 'client.create', body: clientBody(wanted)},
    `client-name:${wanted.name}`,
    `machine client for stanch: ${wanted.capabilities.join(', ')}`,
    'delete the client',
  )
  const {client_id, secret} = made.change.body ?? {}
  if (made.outcome !== 'done' || client_id === undefined) {
    const left = made.outcome === 'in_doubt' ? await settleClient(run, wanted, made) : made.left
    return {...base, client: made.outcome, grant: 'not_attempted', ...(left === undefined ? {} : {left})}
  }
  const {journal} = run
  const after = secret ? {after: journal.fingerprint(client_id, secret.reveal())} : {}
  journal.end(made.intended, made.change.sent, 'ok', after)
  journal.observe({action: 'client.create', target: `client:${client_id}`, finding: `made as ${printable(wanted.name, 100)}`})
  const delivery = secret ? await handOver(run, wanted, made.intended, client_id, secret) : undefined
  const noSecret = secret ? undefined : 'the answer held no secret: rotate it (stanch secret rotate), which hands a new one over'
  if (run.interruption.requested)
    return {
      ...base,
      client_id,
      client: 'done',
      grant: 'not_attempted',
      ...(delivery ? {delivery} : {}),
      left: 'interrupted: authorise it in the Dashboard, or delete it and run setup again',
    }
  const granted = await makeGrant(run, wanted, client_id)
  const left = [noSecret, delivery?.left, granted.left].filter((one) => one !== undefined).join('; ')
  return {
    ...base,
    client_id,
    client: 'done',
    grant: granted.outcome,
    ...(granted.grant_id === undefined ? {} : {grant_id: granted.grant_id}),
    ...(delivery ? {delivery: {sink: delivery.sink, result: delivery.result}} : {}),
    ...(left === '' ? {} : {left}),
  }
}

function clientBody(wanted: WantedClient): Record<string, unknown> {
  return {
    name: wanted.name,
    description: 'Machine client of stanch, for responding to leaked credentials',
    app_type: 'non_interactive',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
    is_first_party: true,
    oidc_conformant: true,
  }
}

async function makeGrant(
  run: SetupRun,
  wanted: WantedClient,
  client_id: string,
): Promise<{outcome: SetupOutcome; grant_id?: string; left?: string}> {
  const body: ClientGrantBody = {client_id, audience: run.tenant.audience, scope: wanted.scopes}
  const made = await create(
    run,
    {kind: 'client_grant.create', body},
    `client:${client_id}`,
    `exactly these scopes: ${wanted.scopes.join(' ')}`,
    'delete the client grant',
  )
  if (made.outcome === 'done') run.journal.end(made.intended, made.change.sent, 'ok')
  if (made.outcome !== 'done' && made.outcome !== 'in_doubt')
    return {outcome: made.outcome, ...(made.left === undefined ? {} : {left: made.left})}
  const grants = await run.tenant.listClientGrants({client_id, audience: run.tenant.audience})
  const [grant] = grants
  if (made.outcome === 'in_doubt')
    run.journal.settle(made.intended, grant ? 'ok' : 'not_done', 'state', {grant_id: grant?.id ?? null})
  if (!grant) return {outcome: 'in_doubt', left: `no grant is there: authorise ${client_id} in the Dashboard`}
  const exact =
    [...(grant.scope ?? [])].sort().join(' ') === [...wanted.scopes].sort().join(' ') && grant.allow_all_scopes !== true
  return {
    outcome: 'done',
    grant_id: grant.id,
    ...(exact
      ? {}
      : {left: `the grant ${grant.id} reads back with other scopes than were asked for: compare it in the Dashboard`}),
  }
}

async function handOver(
  run: SetupRun,
  wanted: WantedClient,
  intended: Intended,
  clientId: string,
  secret: Secret,
): Promise<{sink: string; result: 'ok' | 'failed'; left?: string}> {
  const fingerprint = run.journal.fingerprint(clientId, secret.reveal())
  const first = await deliver(wanted.sink, secret, run.deps)
  const taken = first.result === 'ok' ? wanted.sink : wanted.fallback
  const kept = first.result === 'ok' || (await deliver(wanted.fallback, secret, run.deps)).result === 'ok'
  run.journal.delivered(intended.op, {sink: describeSink(taken), result: first.result, fingerprint})
  if (first.result === 'ok') return {sink: describeSink(taken), result: 'ok'}
  const where = kept ? `it is in ${describeSink(wanted.fallback)}` : 'it is lost: rotate it (stanch secret rotate)'
  return {
    sink: describeSink(taken),
    result: 'failed',
    left: `the secret did not reach ${describeSink(wanted.sink)}${first.detail ? ` (${printable(first.detail, 120)})` : ''}; ${where}`,
  }
}

interface Created {
  readonly intended: Intended
  readonly change: Change
  readonly outcome: SetupOutcome
  readonly left?: string
}

/** Intent, request, and the outcome of what was not done. What was done is ended by the caller, who can say what came of it. */
async function create(run: SetupRun, mutation: Mutation, target: string, why: string, undo: string): Promise<Created> {
  const {journal} = run
  const [intended] = journal.intend([{action: mutation.kind, target, req: requestOf(mutation), phase: 'setup', why, undo}])
  if (!intended) throw new StanchError('internal', 'An intent was not written. Nothing was sent.')
  const change = await run.tenant.change(mutation, intended.correlation_id)
  const {sent} = change
  const rest = {intended, change}
  switch (judge(sent)) {
    case 'done':
      return {...rest, outcome: 'done'}
    case 'refused':
    case 'rate_limited': {
      journal.end(intended, sent, 'refused')
      const said = sent.kind === 'answered' ? `${sent.status}${sent.error === undefined ? '' : ` ${sent.error}`}` : '0'
      return {...rest, outcome: 'refused', left: `the tenant answered ${said}`}
    }
    case 'not_sent':
      journal.end(intended, sent, 'failed')
      return {...rest, outcome: 'not_attempted', left: 'the request did not leave'}
    case 'in_doubt':
      journal.end(intended, sent, 'unknown')
      return {...rest, outcome: 'in_doubt'}
  }
}

/** No answer came. The name tells whether there is a client now; its secret is known to nobody, so nothing goes on from there. */
async function settleClient(run: SetupRun, wanted: WantedClient, made: Created): Promise<string> {
  const found = await clientsNamed(run.tenant, [wanted.name])
  run.journal.settle(made.intended, found.length > 0 ? 'ok' : 'not_done', 'state', {clients: found.map((one) => one.client_id)})
  return found.length > 0
    ? `no answer came, and there is a client ${found.map((one) => one.client_id).join(', ')} now: delete it in the Dashboard and run setup again`
    : 'no answer came, and there is no such client: run setup again'
}
