import {randomBytes} from 'node:crypto'
import path from 'node:path'

import {followReference, parseReference} from '../config/reference.ts'
import {post} from '../delivery/post.ts'
import {runCommand} from '../delivery/run-command.ts'
import type {CommandRun} from '../delivery/run-command.ts'
import {parseSink} from '../delivery/sink.ts'
import {StanchError} from '../errors.ts'
import {isInside} from '../files/copy-file.ts'
import {fileStat, readBounded} from '../files/read.ts'
import type {Secret} from '../secret.ts'
import {createExclusive, ensureFolder, removeFile} from '../files/write.ts'
import {keptHead, postable, recordPasted} from '../trail/anchors.ts'
import type {About, PastedAnchor} from '../trail/anchors.ts'
import {parseCheckpoint} from '../trail/format/checkpoint.ts'
import {anchorsFolder} from '../trail/layout.ts'
import {exportTiles} from '../trail/tiles.ts'
import {imprintOf, keepTimestamp, stampedCheckpoint, timestampRequest} from '../trail/rfc3161.ts'
import type {SignedHead, Trail} from '../trail/trail.ts'
import {printable} from '../untrusted.ts'
import {openTrail, pathsOf} from './context.ts'
import type {Place} from './context.ts'
import {aboutIncident, findIncident} from './incidents.ts'
import type {Mode} from './incidents.ts'
import {mustExist} from './witness.ts'

const MAX_RESPONSE = 1 << 20
const COMMAND_SECONDS = 60

export interface AnchorQuestion {
  readonly type: PastedAnchor | 'rfc3161'
  readonly incident?: string | undefined
  readonly simulated: boolean
  /** Where a person posted it. */
  readonly ref?: string | undefined
  /** With `ref`: how many records the posted checkpoint covers, its second line; the newest one without. */
  readonly size?: number | undefined
  /** A command that posts what it reads and prints a reference; for rfc3161 one that prints the response. */
  readonly exec?: string | undefined
  readonly url?: string | undefined
  /** Reference to the address of a webhook, which is a secret of its own: `env:NAME`, `file:/path` or `exec:COMMAND`. */
  readonly webhook?: string | undefined
  /** A folder that others hold, or copy from: it gets the whole trail as C2SP tiles. */
  readonly tiles?: string | undefined
  readonly request_out?: string | undefined
  readonly response?: string | undefined
  /** PEM of the authorities that a time stamp must lead to. */
  readonly ca?: string | undefined
}

export interface Anchored {
  readonly status: 'posted' | 'to_post'
  readonly type: AnchorQuestion['type']
  readonly origin: string
  readonly size: number
  readonly root_hash: string
  /** The three lines. */
  readonly body: string
  /** The same on one line. */
  readonly line: string
  readonly receipt?: string
}

/**
 * Puts a checkpoint of the trail where others keep it, or records that a person did.
 *
 * @throws usage.missing_flag when nothing says how; audit.not_verified for a time stamp that does not verify;
 *   E_FORKED, E_ROLLED_BACK for a store that holds something else
 */
export async function anchorTrail(place: Place, question: AnchorQuestion): Promise<Anchored> {
  const {incident} = question
  const mode: Mode = question.simulated ? 'sim' : 'real'
  const found = incident === undefined ? undefined : findIncident(place, incident)
  const about = found ? aboutIncident(found.state.incident_id, found.state.closed_at !== undefined) : {}
  if (!found) mustExist(place, mode)
  const trail = await openTrail(place, found?.mode ?? mode)
  try {
    if (question.tiles !== undefined) return store(place, trail, question.tiles, about)
    return question.type === 'rfc3161'
      ? await stamp(place, trail, question, about)
      : await paste(place, trail, question.type, question, about)
  } finally {
    trail.close('done')
  }
}

async function paste(place: Place, trail: Trail, type: PastedAnchor, question: AnchorQuestion, about: About): Promise<Anchored> {
  const head = question.size === undefined ? trail.checkpoint(true) : keptHead(trail, question.size)
  const reference = question.ref ?? (await posted(place, question, postable(head, trail.origin).body))
  if (reference === undefined) return {status: 'to_post', type, ...aboutHead(trail, head)}
  recordPasted(trail, head, type, reference, about)
  return {status: 'posted', type, ...aboutHead(trail, head), receipt: reference}
}

/** The store takes the checkpoint only as the continuation of the one it holds: it refuses what was rolled back or forked. */
function store(place: Place, trail: Trail, folder: string, about: About): Anchored {
  const to = path.resolve(folder)
  const paths = pathsOf(place)
  const own = [paths.trail('real'), paths.trail('sim'), path.dirname(paths.keys('0'.repeat(16)))]
  if (own.some((one) => isInside(to, one)))
    throw new StanchError('usage.invalid', 'That folder would lie in the folder of the trail itself.')
  const head = trail.checkpoint(true)
  const {size} = exportTiles(trail.folder, to, head.text)
  const reference = `C2SP tiles of ${size} records in ${printable(to, 1000)}`
  recordPasted(trail, head, 'store', reference, about)
  return {status: 'posted', type: 'store', ...aboutHead(trail, head), receipt: reference}
}

/** Where it went; undefined when nobody said how it could be posted. */
async function posted(place: Place, {exec, webhook}: AnchorQuestion, body: string): Promise<string | undefined> {
  if (exec !== undefined) return referenceFrom(place, exec, body)
  return webhook === undefined ? undefined : postedTo(place, webhook, body)
}

/** As chat systems take it: `{"text": ...}`. The address stays out of the record, only the host is named. */
async function postedTo(place: Place, reference: string, body: string): Promise<string> {
  const {secret} = await followReference(parseReference(reference, '--webhook'), place.env, '--webhook')
  const url = webhookAddress(secret)
  const types = {sends: 'application/json', takes: undefined}
  const answer = await post(url.href, Buffer.from(JSON.stringify({text: body})), types, MAX_RESPONSE)
  const said = printable(answer.toString('utf8').trim().replace(/\s+/g, ' '), 200)
  return `webhook at ${url.host}${said === '' ? '' : `, which answered ${said}`}`
}

/** Whoever has the address can post there: it is never shown, and goes nowhere unencrypted but to this machine. */
function webhookAddress(secret: Secret): URL {
  const url = URL.canParse(secret.reveal()) ? new URL(secret.reveal()) : undefined
  const loopback = url !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  if (url && url.username === '' && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) return url
  throw new StanchError('config.invalid', '--webhook: what it refers to is no https address. Nothing was sent.')
}

/** What the command printed, on one line. */
async function referenceFrom(place: Place, exec: string, body: string): Promise<string> {
  const {status, stdout, said} = await runCommand(argvOf(exec), body, {env: place.env, seconds: COMMAND_SECONDS, bytes: 65_536})
  if (status !== 0)
    throw new StanchError(
      'delivery.failed',
      `The command ended with status ${status}: ${said || 'it said nothing'}. Nothing was recorded.`,
    )
  return printable(stdout.toString('utf8').trim().replace(/\s+/g, ' '), 2000) || `posted by a command, which printed no reference`
}

async function stamp(place: Place, trail: Trail, question: AnchorQuestion, about: About): Promise<Anchored> {
  const type = 'rfc3161'
  if (question.response !== undefined) {
    return keep(place, trail, readBounded(path.resolve(question.response), MAX_RESPONSE), question, about)
  }
  const head = trail.checkpoint(true)
  const request = timestampRequest(imprintOf(parseCheckpoint(head.text)), randomBytes(8))
  if (question.request_out !== undefined) {
    createExclusive(path.resolve(question.request_out), request)
    return {status: 'to_post', type, ...aboutHead(trail, head)}
  }
  if (question.url === undefined && question.exec === undefined) {
    throw new StanchError('usage.missing_flag', 'Who stamps it?', {
      hint: 'Give --url URL, --exec COMMAND, or --request-out FILE and later --response FILE.',
    })
  }
  authorities(question)
  const response =
    question.url === undefined
      ? await stampedBy(place, question.exec ?? '', request)
      : await post(
          question.url,
          request,
          {sends: 'application/timestamp-query', takes: 'application/timestamp-reply'},
          MAX_RESPONSE,
        )
  return keep(place, trail, response, question, about)
}

async function stampedBy(place: Place, exec: string, request: Uint8Array): Promise<Buffer> {
  const {status, stdout, said} = await runCommand(argvOf(exec), request, {
    env: place.env,
    seconds: COMMAND_SECONDS,
    bytes: MAX_RESPONSE,
  })
  if (status !== 0)
    throw new StanchError(
      'delivery.failed',
      `The command ended with status ${status}: ${said || 'it said nothing'}. Nothing was recorded.`,
    )
  return stdout
}

/** Verified by openssl before it is kept: signature, chain to the authorities that were named, and the imprint. */
async function keep(place: Place, trail: Trail, response: Buffer, question: AnchorQuestion, about: About): Promise<Anchored> {
  const ca = authorities(question)
  const checkpoint = stampedCheckpoint(trail.folder, response)
  if (!checkpoint)
    throw new StanchError(
      'audit.not_verified',
      'checkpoint of another log: no kept checkpoint of this trail stands in that time stamp.',
    )
  const {status, said} = await verified(place, trail, response, imprintOf(checkpoint), ca)
  if (status !== 0)
    throw new StanchError(
      'audit.not_verified',
      `bad signature: openssl does not verify this time stamp: ${said || `status ${status}`}`,
    )
  const file = keepTimestamp(trail, checkpoint, response, about)
  const {size, root, text} = checkpoint
  return {status: 'posted', type: 'rfc3161', ...aboutHead(trail, {size, root, text}), receipt: file}
}

/** openssl opens its input by name, which a pipe from here does not have: it gets a file for as long as it looks. */
async function verified(place: Place, trail: Trail, response: Buffer, imprint: string, ca: string): Promise<CommandRun> {
  ensureFolder(anchorsFolder(trail.folder))
  const file = path.join(anchorsFolder(trail.folder), `incoming-${randomBytes(6).toString('hex')}`)
  createExclusive(file, response)
  try {
    const argv = ['openssl', 'ts', '-verify', '-digest', imprint, '-in', file, '-CAfile', ca]
    return await runCommand(argv, '', {env: place.env, seconds: COMMAND_SECONDS, bytes: 65_536})
  } finally {
    removeFile(file)
  }
}

/** @throws usage.missing_flag: a time stamp that leads to nobody proves nothing */
function authorities({ca}: AnchorQuestion): string {
  if (ca === undefined)
    throw new StanchError('usage.missing_flag', 'A time stamp is verified against authorities that you trust.', {
      hint: 'Add --ca FILE with their certificates (PEM).',
    })
  const file = path.resolve(ca)
  if (!fileStat(file)) throw new StanchError('input.unreadable', `There is no file ${file}.`)
  return file
}

function argvOf(exec: string): readonly string[] {
  const sink = parseSink(`exec:${exec}`)
  return sink.kind === 'exec' ? sink.argv : []
}

function aboutHead(trail: Trail, head: SignedHead): Pick<Anchored, 'origin' | 'size' | 'root_hash' | 'body' | 'line'> {
  return {origin: trail.origin, size: head.size, root_hash: head.root, ...postable(head, trail.origin)}
}
