import path from 'node:path'

import {StanchError} from '../errors.ts'
import {isInside} from '../files/copy-file.ts'
import {OutputFile} from '../files/output-file.ts'
import {Remembered, textOf} from '../report/siem/event.ts'
import {exportHead, exportLine, type ExportFormat} from '../report/siem/format.ts'
import {looksLikeSecret} from '../secret.ts'
import type {ReadRecord} from '../trail/reader.ts'
import type {Place} from './context.ts'
import {pathsOf} from './context.ts'
import {recordExport} from './custody.ts'
import {findIncident} from './incidents.ts'
import {type RecordFilter, trailQuestion, trailStream} from './trail-records.ts'

export interface ExportRequest extends RecordFilter {
  readonly format: ExportFormat
  readonly follow: boolean
  /** A new file; standard output otherwise. */
  readonly output?: string | undefined
  /** Who gets the file; for the chain of custody. */
  readonly to?: string | undefined
}

/** What was exported: the last record's number and leaf hash say how far this copy vouches for the trail. */
export interface Exported {
  readonly format: ExportFormat
  readonly simulated: boolean
  readonly origin?: string
  readonly incident_id?: string
  readonly events: number
  /** Records that were asked for and have no place in this format. */
  readonly left_out: number
  readonly last?: {readonly seq: number; readonly leaf: string}
  readonly file?: string
  readonly sha256?: string
  readonly size?: number
  /** The `export` record of the chain of custody. */
  readonly custody?: {readonly seq: number; readonly leaf: string}
  /** False when it was stopped before everything there was had been written. */
  readonly complete: boolean
}

/** Where lines go. `write` resolves when more may come; false when nobody reads any more. */
export interface LineSink {
  write(text: string): Promise<boolean>
}

/** Lines are gathered to about this many characters. */
const PIECE = 65_536

/** Streams a trail in another form, in flat memory. @throws usage.invalid | incident.unknown | E_CHAIN | E_SECRET | E_DISK */
export async function exportTrail(
  place: Place,
  request: ExportRequest,
  stdout: LineSink,
  signal: AbortSignal,
): Promise<Exported> {
  const question = trailQuestion(place, request)
  const file = request.output === undefined ? undefined : newFile(place, request.output, request.follow)
  try {
    const sink: LineSink = file ? {write: async (text) => (file.write(text), true)} : stdout
    const streamed = await stream(place, request, question, sink, signal)
    const {complete} = streamed
    const result = {
      format: request.format,
      simulated: question.mode === 'sim',
      ...(request.incident === undefined ? {} : {incident_id: request.incident}),
      ...streamed,
    }
    if (!file || request.output === undefined) return result
    if (!complete && !request.follow) {
      file.abandon()
      return result
    }
    const written = file.finish()
    const whole = {...result, file: path.resolve(request.output), ...written}
    if (request.incident === undefined) return whole
    const {seq, leaf} = await recordExport(place, findIncident(place, request.incident), {
      to: request.to ?? `file:${path.basename(request.output)}`,
      form: request.format,
      ...written,
    })
    return {...whole, custody: {seq, leaf}}
  } catch (error) {
    file?.abandon()
    throw error
  }
}

/** @throws usage.invalid for a file in the trail's own folders */
function newFile(place: Place, output: string, growing: boolean): OutputFile {
  const paths = pathsOf(place)
  const own = [paths.trail('real'), paths.trail('sim'), path.dirname(paths.keys('0'.repeat(16)))]
  if (own.some((folder) => isInside(path.resolve(output), folder)))
    throw new StanchError('usage.invalid', 'That file would lie in the folder of the trail itself.')
  return OutputFile.create(path.resolve(output), growing)
}

type Streamed = Pick<Exported, 'origin' | 'events' | 'left_out' | 'last' | 'complete'>

async function stream(
  place: Place,
  request: ExportRequest,
  question: ReturnType<typeof trailQuestion>,
  sink: LineSink,
  signal: AbortSignal,
): Promise<Streamed> {
  const {version} = place.config
  const remembered = new Remembered()
  let origin: string | undefined
  let waiting = exportHead(request.format)
  let events = 0
  let left = 0
  let last: {seq: number; leaf: string} | undefined
  let caughtUp = false
  let read = true
  const flush = async () => {
    if (waiting !== '') read = await sink.write(waiting)
    waiting = ''
  }
  const options = {follow: request.follow, signal, wanted: wantedBy(question.incident)}
  for await (const one of trailStream(question.folder, options)) {
    if (!one) {
      caughtUp = true
      await flush()
      if (!read) break
      continue
    }
    const {record, line, leaf} = one
    if (record.kind === 'log.open') origin = textOf(record, 'origin')
    const around = remembered.take(record)
    if (!question.matches(record) || origin === undefined) continue
    refuseSecrets(one)
    const text = exportLine(request.format, {origin, record, line, leaf, mode: question.mode, around}, version)
    if (text === '') left++
    else events++
    last = {seq: record.seq, leaf}
    waiting += text
    if (waiting.length >= PIECE) await flush()
    if (!read) break
  }
  await flush()
  return {...(origin === undefined ? {} : {origin}), events, left_out: left, ...(last ? {last} : {}), complete: caughtUp && read}
}

/** With an incident, its records and those that they refer to: the log's name, sessions and credentials. */
function wantedBy(incident: string | undefined): (line: string) => boolean {
  if (incident === undefined) return () => true
  const needle = `"inc":${JSON.stringify(incident)}`
  return (line) => line.includes(needle) || /^.{100,200}"kind":"(?:log\.open|session\.open|auth)"/.test(line)
}

/** The trail takes no such record; a log that somebody else wrote might hold one. */
function refuseSecrets({record, line}: ReadRecord): void {
  if (!looksLikeSecret(line)) return
  throw new StanchError(
    'E_SECRET',
    `Record ${record.seq} holds something shaped like a token or a private key. The export ends before it.`,
  )
}
