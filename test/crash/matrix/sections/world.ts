import type {Captured, Exchange, Front} from '../front.ts'
import type {Bench} from '../bench.ts'
import type {Cell, Promised} from '../cell.ts'
import {NETWORK} from '../steps.ts'
import type {NetworkStep} from '../steps.ts'
import {INVOICES} from '../../../../src/simulator/scenarios/landscape.ts'
import {OPERATOR_SCOPES} from '../../../../src/simulator/scenarios/landscape.ts'

/** Section F: the world moves at a step. Each event happens when the first request of the step arrives, before it is looked at. */

interface Event {
  readonly title: string
  readonly move: (bench: Bench, exchange: Exchange) => Promise<Captured | void> | Captured | void
  /** Meets every request from the event on. */
  readonly then?: (exchange: Exchange) => Captured | void
  readonly promised: (step: NetworkStep) => readonly Promised[]
  readonly ends?: (step: NetworkStep) => readonly string[]
  readonly also?: Cell['also']
  readonly mend?: Cell['mend']
}

const JSON_TYPE = {'content-type': 'application/json; charset=utf-8'}
const ANY: readonly Promised[] = ['OK', 'OK+W', 'STOP', 'REFUSE']
const AFTER: Readonly<Record<NetworkStep, number>> = {n1: 1, n2: 2, n3: 3, n4: 4, n5: 5, n6: 6, n7: 7, n8: 8}

function operatorGrant(front: Front) {
  return front.tenant.grants(front.practice.operator.client_id)[0]
}

function unauthorized(): Captured {
  return {
    status: 401,
    headers: JSON_TYPE,
    text: '{"statusCode":401,"error":"Unauthorized","message":"Expired token received for JSON Web Token validation"}',
  }
}

function forbidden(scope: string): Captured {
  return {
    status: 403,
    headers: JSON_TYPE,
    text: `{"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: ${scope}","errorCode":"insufficient_scope"}`,
  }
}

/**
 * The rotation that somebody else made is said: by the log, because the leaked value was not in force, or because the
 * secret that was handed over does not work. A change before ours that no log shows cannot be told when ours follows the
 * look at the old secret (the tenant offers no condition on a rotation), nor can one after the last look.
 */
function strangerIsTold({ran, front, client}: Bench): string | undefined {
  if (front.blind) return undefined
  const documents = ran.map((one) => one.document).filter((one) => one !== undefined)
  const codes = documents.flatMap((one) => (one.evidence_gaps ?? []).map((gap) => gap.code))
  const unproven = documents.some((one) =>
    (one.proof ?? []).some((proof) => proof.claim === 'new_secret_accepted' && proof.verdict !== 'proven'),
  )
  const asked =
    ran.some((one) => /was rotated at/.test(one.stderr)) ||
    documents.some((one) => one.actions?.some((action) => action.kind === 'client_secret.rotate' && action.outcome === 'already'))
  const told = unproven || asked || codes.includes('leaked_not_in_force') || codes.includes('rotated_by_another')
  const held = front.tenant.count('client_secret.rotate', client) > 0
  return told || !held ? undefined : 'nobody was told that somebody else changed the secret'
}

const SCOPES: Readonly<Record<NetworkStep, string>> = {
  n1: 'update:client_keys',
  n2: 'read:clients',
  n3: 'read:client_grants',
  n4: 'read:resource_servers',
  n5: 'delete:client_grants',
  n6: 'update:client_keys',
  n7: 'read:clients',
  n8: 'read:client_grants',
}

const EVENTS: Readonly<Record<string, Event>> = {
  F1: {
    title: "the responder's token expires",
    move: () => {},
    promised: () => ['OK'],
  },
  F2: {
    title: "the responder's own grant is deleted",
    move: ({front}) => {
      const grant = operatorGrant(front)
      if (grant) front.tenant.removeGrant(String(grant['id']))
    },
    promised: (step) => (step === 'n1' ? ['REFUSE'] : ['OK', 'STOP', 'REFUSE']),
    // An administrator gives it back: nobody could resume without.
    mend: ({front}) => {
      const {client_id} = front.practice.operator
      if (!operatorGrant(front)) front.tenant.addGrant({client_id, audience: front.tenant.world.audience, scope: OPERATOR_SCOPES})
    },
  },
  F3: {
    title: "the responder's scopes are cut",
    move: ({front}, {seen}) => {
      if (seen.step !== 'n1') return
      const grant = operatorGrant(front)
      if (!grant) return
      front.tenant.removeGrant(String(grant['id']))
      front.tenant.addGrant({
        client_id: grant['client_id'],
        audience: grant['audience'],
        scope: OPERATOR_SCOPES.filter((one) => !one.startsWith('update:')),
      })
    },
    promised: (step) => (step === 'n7' ? ['OK'] : step === 'n4' || step === 'n8' ? ['OK+W', 'STOP'] : ['STOP', 'REFUSE']),
    also: ({ran}) => {
      const first = ran[0]
      const error = first?.document?.error
      if (error?.code !== 'auth0.scope_missing') return undefined
      return /[a-z]+:[a-z_]+/.test(error.message) ? undefined : 'the missing scope is not named'
    },
    mend: ({front}) => {
      const grant = operatorGrant(front)
      if (grant) front.tenant.removeGrant(String(grant['id']))
      front.tenant.addGrant({
        client_id: front.practice.operator.client_id,
        audience: front.tenant.world.audience,
        scope: OPERATOR_SCOPES,
      })
    },
  },
  F4: {
    title: 'the client is deleted',
    move: ({front, client}) => {
      for (const grant of front.tenant.grants(client)) front.tenant.removeGrant(String(grant['id']))
      front.tenant.world.clients.delete(client)
    },
    promised: () => ANY,
    ends: () => ['partial', 'in_doubt', 'nothing'],
  },
  F5: {
    title: 'a grant is deleted by somebody else',
    move: ({front, client}) => {
      const [grant] = front.tenant.grants(client)
      if (grant) front.tenant.removeGrant(String(grant['id']))
    },
    promised: () => ['OK'],
  },
  F6: {
    title: 'the secret is rotated in the Dashboard',
    move: ({front, client}) => void front.tenant.rotate(client),
    promised: () => ANY,
    ends: () => ['partial'],
    also: strangerIsTold,
  },
  F7: {
    title: 'the secret is rotated by another program',
    move: ({front, client}) => front.asAnother('POST', `/api/v2/clients/${client}/rotate-secret`),
    promised: () => ANY,
    ends: () => ['partial'],
    also: strangerIsTold,
  },
  F8: {
    title: 'the secret is rotated by another right after the step',
    move: async ({front, client}, exchange) => {
      const answer = await exchange.effect()
      front.tenant.rotate(client)
      return answer
    },
    promised: () => ANY,
    ends: () => ['partial'],
    also: strangerIsTold,
  },
  F9: {
    title: 'a grant is created again',
    move: ({front, client}) => void front.tenant.addGrant({client_id: client, audience: INVOICES, scope: ['read:invoices']}),
    promised: () => ANY,
    ends: () => ['partial', 'nothing'],
    also: (bench) => {
      const last = bench.ran.map((one) => one.document).findLast((one) => one?.status !== undefined)
      const left = bench.front.tenant.grants(bench.client).length
      if (left > 0 && last?.status === 'contained') return 'contained is claimed while the client has a grant'
      return undefined
    },
  },
  F10: {
    title: 'the lifetime of an API or the way to authenticate is changed',
    move: ({front, client}, {seen}) => {
      const {world} = front.tenant
      if (AFTER[seen.step as NetworkStep] % 2 === 0) {
        const server = world.resourceServer(INVOICES)
        if (server) server.wire = {...server.wire, token_lifetime: 2_592_000}
      } else {
        const one = world.clients.get(client)
        if (one) one.wire = {...one.wire, token_endpoint_auth_method: 'client_secret_basic'}
      }
    },
    promised: () => ANY,
    ends: () => ['partial'],
  },
}

function armEvent(bench: Bench, step: NetworkStep, name: string, event: Event): void {
  let happened = false
  let expired: string | undefined
  let renewed = false
  bench.front.acts.push(async (exchange) => {
    const {seen, request} = exchange
    const bearer = request.headers.authorization
    if (!happened && seen.step === step) {
      happened = true
      if (name === 'F1') expired = bearer
      const answer = await event.move(bench, exchange)
      bench.front.blind = (name === 'F6' && step === 'n6') || (step === 'n8' && /^F[678]$/.test(name))
      if (answer) return exchange.send(answer)
    }
    if (!happened) return 'pass'
    // Tokens of one second are equal: what is issued from now on is a fresh one.
    if (name === 'F1' && expired !== undefined && seen.step === 'n1') renewed = true
    if (renewed) return 'pass'
    if (name === 'F1' && expired !== undefined && bearer === expired) return exchange.send(unauthorized())
    // The token endpoint knows no bearer: there the next read finds it expired.
    if (name === 'F1' && expired === undefined && bearer?.startsWith('Bearer ')) {
      expired = bearer
      return exchange.send(unauthorized())
    }
    if (name === 'F3' && seen.step === step && step !== 'n1' && step !== 'n7') return exchange.send(forbidden(SCOPES[step]))
    return 'pass'
  })
}

export const movingWorld: readonly Cell[] = Object.entries(EVENTS).flatMap(([name, event]) =>
  NETWORK.map((step): Cell => ({
    id: `F.${step}.${name}`,
    section: 'F',
    step,
    fault: event.title,
    promised: event.promised(step),
    ...(event.ends ? {ends: event.ends(step)} : {}),
    ...(event.also ? {also: event.also} : {}),
    ...(event.mend ? {mend: event.mend} : {}),
    arm: (bench) => armEvent(bench, step, name, event),
  })),
)
