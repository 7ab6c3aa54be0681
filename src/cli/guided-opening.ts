import {isSimulator} from '../auth0/handshake.ts'
import {parseOrigin} from '../auth0/origin.ts'
import {reachOf} from '../auth0/reach.ts'
import {rankScopes} from '../auth0/scopes.ts'
import type {Connection, OperatorCredential} from '../config/connection.ts'
import {readConnection} from '../config/connection.ts'
import {showProfile} from '../config/profile.ts'
import {StanchError} from '../errors.ts'
import type {ChoiceDecision, Responder} from '../execution/responder.ts'
import {isLeakKind, LEAK_KINDS} from '../incident/leak.ts'
import type {LeakKind} from '../incident/leak.ts'
import {reachParts} from '../report/reach-lines.ts'
import {cutToWidth, quotedWithin} from '../report/width.ts'
import {Secret} from '../secret.ts'
import {readHidden, readHiddenIfAny} from '../terminal/hidden-input.ts'
import {prompterFor} from '../terminal/prompter.ts'
import {pageOf} from '../terminal/page.ts'
import {styleFor} from '../terminal/style.ts'
import {fitted, labelled, layOut, questionRows} from '../terminal/screen.ts'
import type {Terminal} from '../terminal/prompter.ts'
import {inspectText} from '../tokens/inspect.ts'
import type {Inspection} from '../tokens/inspect.ts'
import {humanDuration, systemClock} from '../clock.ts'
import {printable} from '../untrusted.ts'
import {pathsOf} from './context.ts'
import {ownerWords} from './inspect-token.ts'
import {bareCredential, takenAs} from './leaked-value.ts'
import type {Connected, Place} from './context.ts'
import {patiently} from './patience.ts'
import type {Screen} from './reach-screen.ts'

export interface OpeningJob {
  readonly place: Place
  readonly flags: {
    readonly profile?: string | undefined
    readonly leak?: LeakKind | undefined
    readonly client?: string | undefined
    readonly 'include-own'?: boolean | undefined
  }
  readonly leaked?: Secret
  readonly say: (line: string) => void
  readonly connect: (connection: Connection) => Promise<Connected>
}

/** With the lines laid out for the terminal; a question is emphasised. */
interface Opened extends OpeningJob {
  readonly ask: (line: string) => void
}

export type Opening =
  | {readonly kind: 'by_hand'; readonly lines: readonly string[]}
  | {
      readonly kind: 'tenant'
      readonly leak: LeakKind
      readonly leaked?: Secret
      readonly client_id?: string
      readonly connected: Connected
      readonly askClient: (responder: Responder) => Promise<string>
    }

/**
 * What leaked, then which tenant. The first works offline, so that somebody without a connection at hand learns at once
 * what the pasted string is; nothing is sent before the tenant is known and shown.
 */
export async function openGuided(given: OpeningJob): Promise<Opening> {
  const say = (line: string) => {
    for (const part of layOut([line], process.stderr.columns)) given.say(part)
  }
  const {bold} = styleFor(process.stderr, given.place.env)
  const ask = (line: string) => {
    for (const part of layOut([line], process.stderr.columns)) given.say(bold(part))
  }
  const job: Opened = {...given, say, ask}
  const terminal: Terminal = {input: process.stdin, output: process.stderr, env: job.place.env}
  // From here on rows are counted.
  pageOf(process.stderr)
  const found = await readConnection({env: job.place.env, ...profileOf(job)})
  if (found.domain !== undefined) {
    const origin = parseOrigin(found.domain)
    // Asked of loopback addresses only, and without a credential.
    const simulated = await isSimulator(origin)
    job.say(
      `${simulated ? 'SIMULATED' : 'REAL'} tenant ${printable(origin.host)} (from ${found.from.domain ?? 'you'}); credential: ${found.from.credential ?? 'none yet'}`,
    )
  }
  job.say('At most seven questions, then a plan. Nothing is changed before you confirm it; Ctrl-C at a question changes nothing.')
  if (found.domain === undefined) job.say('No tenant is configured yet: what leaked is looked at offline first.')
  const {leak, leaked, inspection} = await whatLeaked(job, terminal)
  if (inspection) for (const line of describe(inspection, found)) job.say(line)
  if (leak !== 'client-secret' && leak !== 'management-token') {
    return {kind: 'by_hand', lines: byHand(leak)}
  }
  const connection = await completeConnection(job, terminal, found, inspection)
  const connected = await job.connect(connection)
  return {
    kind: 'tenant',
    leak,
    ...(leaked ? {leaked} : {}),
    ...(inspection?.client_id === undefined ? {} : {client_id: inspection.client_id}),
    connected,
    askClient: (responder) =>
      askClient(
        connected,
        responder,
        leaked && inspection ? comparison(job, connected, responder, takenAs(leak, inspection), leaked) : undefined,
        job.flags['include-own'] ?? false,
      ),
  }
}

function profileOf(job: OpeningJob) {
  const name = job.flags.profile
  return name === undefined ? {} : {profile: {name, profile: showProfile(pathsOf(job.place).profiles, name)}}
}

/** One question: paste it, or name its kind, or Enter for a client secret that is not at hand. */
async function whatLeaked(job: Opened, terminal: Terminal): Promise<{leak: LeakKind; leaked?: Secret; inspection?: Inspection}> {
  const pasted = job.leaked ?? (job.flags.leak === undefined ? await askPaste(job, terminal) : undefined)
  if (!pasted) return {leak: job.flags.leak ?? 'client-secret'}
  const typed = pasted.reveal().trim()
  if (isLeakKind(typed)) return {leak: typed}
  const inspection = inspectText(typed)
  const leak = job.flags.leak ?? (inspection.kind === 'unknown' ? 'unknown' : inspection.kind)
  return {leak, leaked: bareCredential(pasted), inspection}
}

async function askPaste(job: Opened, terminal: Terminal): Promise<Secret | undefined> {
  job.say('')
  job.ask('What leaked? Paste it: it is not shown, not stored and not sent anywhere yet.')
  job.say(`Not at hand? Type its kind: ${LEAK_KINDS.slice(0, 7).join(', ')}; Enter alone means client-secret.`)
  explain(job, 'What it is decides what it can do and what stops it.', 'It is looked at on this machine only.')
  return readHiddenIfAny('Paste, kind or Enter:', terminal)
}

/** What the string says about itself, before any tenant is asked: in the rows that the next question leaves. */
function describe(found: Inspection, known: Awaited<ReturnType<typeof readConnection>>): string[] {
  const {columns, rows} = process.stderr
  // The next question shows what a token can do: not twice on one screen.
  const next = known.domain === undefined ? 7 : !known.credential ? 10 : found.client_id === undefined ? 14 : undefined
  if (next === undefined) return []
  const screen = [`That is ${found.what} (${found.confidence}).`, {lines: itSays(found), least: 0}, ...itCan(found)]
  return fitted(screen, questionRows(rows) - pageOf(process.stderr).rows - next, 'stanch token inspect', columns).lines
}

function itSays(found: Inspection): string[] {
  const lines: string[] = []
  if (found.expires_at !== undefined) {
    const left = found.expires_at - Math.floor(systemClock.now() / 1000)
    lines.push(left > 0 ? `  it lives for ${humanDuration(left)} more and cannot be revoked` : '  it has expired')
  }
  if (found.tenant)
    lines.push(`  tenant ${printable(found.tenant)}${found.client_id ? `, client ${printable(found.client_id, 64)}` : ''}`)
  if (found.reasons.length > 0) lines.push(`  because ${found.reasons.map((reason) => printable(reason)).join('; ')}`)
  for (const damage of found.damaged) lines.push(`  damaged: ${printable(damage)}`)
  return lines
}

function itCan({for_management_api: management, scopes}: Inspection): Screen {
  if (management) return reachParts(rankScopes(scopes), reachOf(scopes))
  if (scopes.length === 0) return []
  return [`  ${scopes.length} scope(s): ${printable(scopes.slice(0, 6).join(', '), 150)}${scopes.length > 6 ? ', ...' : ''}`]
}

/** What every question of the opening says: none of them changes anything, so none needs an undo. */
function explain(job: OpeningJob, why: string, effect: string): void {
  for (const line of labelled([
    ['Why', why],
    ['Effect', effect],
    ['Undo', 'nothing to undo'],
  ]))
    job.say(line)
}

function byHand(leak: LeakKind): string[] {
  return [
    `A leaked ${leak} is contained by people: no client grant or secret rotation ends it.`,
    `Follow the written steps: stanch runbook show ${leak}`,
  ]
}

/** Domain and credential, where they are missing: hidden, with the Dashboard clicks on screen. */
async function completeConnection(
  job: Opened,
  terminal: Terminal,
  found: Awaited<ReturnType<typeof readConnection>>,
  inspection: Inspection | undefined,
): Promise<Connection> {
  const domain = found.domain ?? (await askDomain(job, terminal, inspection))
  if (found.credential) return {...found, domain, credential: found.credential}
  job.say('')
  job.ask('Whom do you act as? Never with the credential that leaked. Either')
  job.say('  a token: Dashboard > Applications > APIs > Auth0 Management API > API Explorer > Copy Token; or')
  job.say('  a machine client: paste its client id, a blank, and its client secret.')
  explain(
    job,
    'The tenant is read, and changed as the plan says, in this name.',
    'It is used to read now, and to change after you confirmed the plan. It is not stored.',
  )
  const credential = credentialOf(await readHidden('Token, or "client_id client_secret":', terminal))
  return {...found, domain, credential, from: {domain: found.from.domain ?? 'your answer', credential: 'your answer'}}
}

async function askDomain(job: Opened, terminal: Terminal, inspection: Inspection | undefined): Promise<string> {
  const known = inspection?.tenant
  job.say('')
  job.ask('Which tenant?')
  explain(
    job,
    'Its applications, grants and log show what can be done with it.',
    'Nothing is sent before you say whom you act as.',
  )
  const prompt = known
    ? `Your tenant's domain (the token names ${cutToWidth(printable(known), 44)}):`
    : "Your tenant's domain, for example acme.eu.auth0.com:"
  return prompterFor(terminal).line(prompt, (text) => {
    try {
      parseOrigin(text)
      return undefined
    } catch (error) {
      return (error as StanchError).message
    }
  })
}

function credentialOf(pasted: Secret): OperatorCredential {
  const [first = '', second, ...rest] = pasted.reveal().split(/\s+/)
  if (second === undefined && first.startsWith('eyJ') && first.split('.').length === 3)
    return {kind: 'token', token: new Secret(first)}
  if (second === undefined || rest.length > 0) {
    throw new StanchError('input.invalid', 'That is neither a token nor a client id, a blank and a secret. Nothing was sent.', {
      hint: 'Start again: stanch respond',
    })
  }
  return {kind: 'secret', client_id: first, secret: new Secret(second), method: 'post'}
}

/** A bare secret names nobody: whose it is can be found by comparing, which reads the secrets of all. */
function comparison(
  job: OpeningJob,
  connected: Connected,
  responder: Responder,
  found: Inspection,
  value: Secret,
): (() => Promise<string | undefined>) | undefined {
  if (found.kind !== 'client-secret') return undefined
  return async () => {
    const {findClient} = await import('./find-client.ts')
    const owner = await findClient(job.place, connected, {found, value})
    responder.notify({kind: owner.verdict === 'found' ? 'note' : 'warning', text: `Whose: ${ownerWords(owner)}`})
    return owner.verdict === 'found' ? owner.client_id : undefined
  }
}

const COMPARE = 'compare'

/**
 * Search by typing over all applications of the tenant; who does not know may have the value compared, once. The client
 * that the responder acts with cannot be taken by mistake: it is there with --include-own only.
 */
async function askClient(
  connected: Connected,
  responder: Responder,
  compare: (() => Promise<string | undefined>) | undefined,
  includeOwn: boolean,
): Promise<string> {
  const own = await patiently('signing in', connected.tenant.operator())
  const choices: {value: string; label: string; detail?: string}[] = []
  let leftOut: string | undefined
  for await (const client of connected.tenant.listClients()) {
    if (client.global) continue
    const isOwn = client.client_id === own.client_id
    if (isOwn && !includeOwn) {
      leftOut = quotedWithin(client.name, 30)
      continue
    }
    choices.push({
      value: client.client_id,
      label: `${quotedWithin(client.name, 34)} ${client.client_id}`,
      detail: `${printable(client.app_type ?? '')}${isOwn ? ' (the one you are signed in with)' : ''}`,
    })
    if (choices.length >= 5000) break
  }
  if (choices.length === 0)
    throw new StanchError(
      'auth0.not_found',
      `This tenant shows no ${leftOut === undefined ? '' : 'other '}application to this credential.`,
      {hint: leftOut === undefined ? 'Name it: --client ID' : `Is it ${leftOut}, the one you act with? Add --include-own.`},
    )
  const may = compare !== undefined && ['read:client_keys', 'read:client_credentials'].some((scope) => own.scopes.includes(scope))
  const decision: ChoiceDecision = {
    id: 'incident.client',
    kind: 'choice',
    ask: `Whose is it? (${connected.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${printable(connected.origin.host)})`,
    why: `The plan is made for one application.${leftOut === undefined ? '' : ` Not in the list: ${leftOut}, the one you act with (--include-own).`}`,
    effect: 'Its grants, APIs and log are read. Nothing is changed.',
    undo: 'nothing to undo',
    choices: may
      ? [
          ...choices,
          {
            value: COMPARE,
            label: 'not known: compare it with all',
            detail: 'reads the secrets of all applications into memory; the log of the tenant shows it',
          },
        ]
      : choices,
    unattended: 'refuse',
  }
  const answer = await responder.decide(decision)
  if (answer !== COMPARE) return answer
  return (await compare?.()) ?? responder.decide({...decision, choices})
}
