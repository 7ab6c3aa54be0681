import {randomBytes} from 'node:crypto'

import {requestOf} from '../auth0/mutations.ts'
import type {Mutation} from '../auth0/mutations.ts'
import {judge} from '../auth0/sent.ts'
import type {Sent} from '../auth0/sent.ts'
import type {Change, Tenant} from '../auth0/tenant.ts'
import type {ClientGrantBody} from '../auth0/resources/client-grant.ts'
import {deliver, describeSink} from '../delivery/sink.ts'
import type {Sink, SinkDeps} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import type {Secret} from '../secret.ts'
import type {Appended, Trail} from '../trail/trail.ts'
import {printable, quoted} from '../untrusted.ts'

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
  readonly trail: Trail
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
  made.end(
    secret ? {after: run.trail.blind(run.tenant.origin.host, `client:${client_id}`, 'client_secret', secret.reveal())} : {},
  )
  run.trail.append({
    kind: 'observe',
    action: 'client.create',
    tenant: run.tenant.origin.host,
    target: `client:${client_id}`,
    finding: `made as ${printable(wanted.name, 100)}`,
  })
  const delivery = secret ? await handOver(run, wanted, made.op, client_id, secret) : undefined
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
  if (made.outcome === 'done') made.end({})
  if (made.outcome !== 'done' && made.outcome !== 'in_doubt')
    return {outcome: made.outcome, ...(made.left === undefined ? {} : {left: made.left})}
  const grants = await run.tenant.listClientGrants({client_id, audience: run.tenant.audience})
  const [grant] = grants
  if (made.outcome === 'in_doubt') made.settle(grant ? 'ok' : 'not_done', {grant_id: grant?.id ?? null})
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
  op: string,
  clientId: string,
  secret: Secret,
): Promise<{sink: string; result: 'ok' | 'failed'; left?: string}> {
  const tenant = run.tenant.origin.host
  const fingerprint = run.trail.blind(tenant, `client:${clientId}`, 'client_secret', secret.reveal())
  const first = await deliver(wanted.sink, secret, run.deps)
  const taken = first.result === 'ok' ? wanted.sink : wanted.fallback
  const kept = first.result === 'ok' || (await deliver(wanted.fallback, secret, run.deps)).result === 'ok'
  run.trail.append({
    kind: 'deliver',
    op,
    tenant,
    target: `client:${clientId}`,
    sink: describeSink(taken),
    result: first.result,
    fingerprint,
  })
  if (first.result === 'ok') return {sink: describeSink(taken), result: 'ok'}
  const where = kept ? `it is in ${describeSink(wanted.fallback)}` : 'it is lost: rotate it (stanch secret rotate)'
  return {
    sink: describeSink(taken),
    result: 'failed',
    left: `the secret did not reach ${describeSink(wanted.sink)}${first.detail ? ` (${printable(first.detail, 120)})` : ''}; ${where}`,
  }
}

interface Created {
  readonly op: string
  readonly change: Change
  readonly outcome: SetupOutcome
  readonly left?: string
  /** Writes the outcome of a change that was done. */
  readonly end: (extras: {after?: string}) => void
  readonly settle: (result: 'ok' | 'not_done', evidence: unknown) => void
}

/** Intent, request, outcome. What was done is written down by `end`, so that it can say what came of it. */
async function create(run: SetupRun, mutation: Mutation, target: string, why: string, undo: string): Promise<Created> {
  const tenant = run.tenant.origin.host
  const op = `op-${randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x')}`
  const intent: Appended = run.trail.append({
    kind: 'intent',
    op,
    try: 1,
    action: mutation.kind,
    tenant,
    target,
    req: requestOf(mutation),
    phase: 'setup',
    why: printable(why, 400),
    undo,
  })
  const change = await run.tenant.change(mutation, intent.correlationId)
  const {sent} = change
  const finish = (result: 'ok' | 'failed' | 'refused' | 'unknown', extras: {after?: string} = {}) => {
    run.trail.append({
      kind: 'outcome',
      op,
      try: 1,
      intent: intent.seq,
      action: mutation.kind,
      tenant,
      target,
      corr: intent.correlationId,
      result,
      ...answerOf(sent, result),
      ...extras,
    })
    run.trail.checkpoint()
  }
  const settle = (result: 'ok' | 'not_done', evidence: unknown) => {
    run.trail.append({
      kind: 'settle',
      op,
      intent: intent.seq,
      tenant,
      target,
      result,
      by: 'state',
      evidence: run.trail.putEvidence(JSON.stringify(evidence)),
    })
    run.trail.checkpoint()
  }
  const rest = {op, change, settle, end: (extras: {after?: string}) => finish('ok', extras)}
  switch (judge(sent)) {
    case 'done':
      return {...rest, outcome: 'done'}
    case 'refused':
    case 'rate_limited': {
      finish('refused')
      const status = sent.kind === 'answered' ? sent.status : 0
      return {
        ...rest,
        outcome: 'refused',
        left: `the tenant answered ${status}${sent.kind === 'answered' && sent.error !== undefined ? ` ${sent.error}` : ''}`,
      }
    }
    case 'not_sent':
      finish('failed')
      return {...rest, outcome: 'not_attempted', left: 'the request did not leave'}
    case 'in_doubt':
      finish('unknown')
      return {...rest, outcome: 'in_doubt'}
  }
}

/** No answer came. The name tells whether there is a client now; its secret is known to nobody, so nothing goes on from there. */
async function settleClient(run: SetupRun, wanted: WantedClient, made: Created): Promise<string> {
  const found = await clientsNamed(run.tenant, [wanted.name])
  made.settle(found.length > 0 ? 'ok' : 'not_done', {clients: found.map((one) => one.client_id)})
  return found.length > 0
    ? `no answer came, and there is a client ${found.map((one) => one.client_id).join(', ')} now: delete it in the Dashboard and run setup again`
    : 'no answer came, and there is no such client: run setup again'
}

/** A code and a number of the answer, never its text. */
function answerOf(sent: Sent, result: string) {
  const res =
    sent.kind === 'answered'
      ? {
          status: sent.status,
          ms: Math.round(sent.ms),
          ...(sent.date === undefined ? {} : {date: new Date(sent.date * 1000).toUTCString()}),
        }
      : undefined
  const error =
    result === 'ok'
      ? undefined
      : sent.kind === 'answered'
        ? {code: sent.error ?? `http_${sent.status}`, text: `the tenant answered ${sent.status}`}
        : {
            code: printable(sent.cause, 60),
            text: sent.kind === 'not_sent' ? 'the request did not leave' : 'no usable answer came',
          }
  return {...(res ? {res} : {}), ...(error ? {error} : {})}
}
