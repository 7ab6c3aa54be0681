import {StanchError, systemCode} from '../errors.ts'
import {CopyFile} from '../files/copy-file.ts'
import {CopySocket} from './copy-socket.ts'

/** Where copies go; `name` is for people. */
export type CopyTarget = {readonly name: string} & (
  | {readonly kind: 'file'; readonly path: string}
  | {readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number}
)

/** An open way to a target. `append` resolves when the lines are handed over; after a rejection the way is closed. */
export interface CopyWay {
  append(lines: string): Promise<void>
  close(): Promise<void>
}

export interface QueueOptions {
  readonly say: (line: string) => void
  readonly patienceMs: number
  readonly mostBytes: number
}

/** Lines are sent in pieces of about this many characters. */
const PIECE = 65_536
const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 5000

/**
 * Lines on their way to one target. A target that is away is tried again; when too much waits, the newest lines are not
 * taken any more and counted, so that what arrives is a beginning without holes or, after a retry, holds a line twice.
 */
export class CopyQueue {
  readonly #target: CopyTarget
  readonly #options: QueueOptions
  #waiting: string[] = []
  #bytes = 0
  #taken = 0
  #sent = 0
  #busy = false
  #way: CopyWay | undefined
  #failure: string | undefined
  #retryMs = FIRST_RETRY_MS
  #retry: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #ended = false
  readonly #atExit = (): void => this.#end()

  constructor(target: CopyTarget, options: QueueOptions) {
    this.#target = target
    this.#options = options
    process.once('exit', this.#atExit)
  }

  /** pino's end of it: one line with its LF. */
  write(line: string): void {
    if (this.#ended) return
    this.#taken++
    const bytes = Buffer.byteLength(line)
    if (this.#bytes + bytes > this.#options.mostBytes) return
    this.#waiting.push(line)
    this.#bytes += bytes
    this.#pump()
  }

  /** Keeps the process alive until everything is sent or the patience is over. A second call does nothing. */
  close(): void {
    if (this.#ended || this.#deadline) return
    if (this.#waiting.length === 0 && !this.#busy) return this.#end()
    this.#deadline = setTimeout(() => this.#end(), this.#options.patienceMs)
    if (this.#retry) this.#again(0)
  }

  #pump(): void {
    if (this.#busy || this.#retry || this.#ended || this.#waiting.length === 0) return
    this.#busy = true
    void this.#send().then(
      () => this.#next(),
      (error: unknown) => this.#failed(error),
    )
  }

  /** One piece. Its lines leave the queue only when they were handed over. */
  async #send(): Promise<void> {
    this.#way ??= await openWay(this.#target)
    let count = 0
    for (let length = 0; count < this.#waiting.length && length < PIECE; count++) length += this.#waiting[count]?.length ?? 0
    await this.#way.append(this.#waiting.slice(0, count).join(''))
    for (const line of this.#waiting.splice(0, count)) this.#bytes -= Buffer.byteLength(line)
    this.#sent += count
    this.#retryMs = FIRST_RETRY_MS
  }

  #next(): void {
    this.#busy = false
    if (this.#waiting.length > 0) this.#pump()
    else if (this.#deadline) this.#end()
  }

  #failed(error: unknown): void {
    this.#busy = false
    void this.#way?.close()
    this.#way = undefined
    if (this.#failure === undefined && !this.#ended) {
      this.#options.say(
        `The copy of the trail to ${this.#target.name} fails: ${reasonOf(error)}. The trail itself is complete; the copy is tried again.`,
      )
    }
    this.#failure = reasonOf(error)
    if (!this.#ended) this.#again(this.#retryMs)
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2)
  }

  /** The wall's timer and not the clock port: a collector is no part of a simulated tenant. It keeps nobody alive. */
  #again(ms: number): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#pump()
    }, ms)
    this.#retry.unref()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    process.off('exit', this.#atExit)
    clearTimeout(this.#deadline)
    clearTimeout(this.#retry)
    void this.#way?.close()
    const missing = this.#taken - this.#sent
    if (missing === 0) return
    this.#options.say(
      `${missing} of ${this.#taken} records did not get to ${this.#target.name}${this.#failure === undefined ? ': it is too slow' : ` (${this.#failure})`}. The trail is complete; send them again: stanch audit export --format jsonl`,
    )
  }
}

function openWay(target: CopyTarget): Promise<CopyWay> {
  return target.kind === 'file' ? CopyFile.open(target.path) : CopySocket.open(target)
}

/** The system's name of the error, or our own sentence; never what a collector said. */
function reasonOf(error: unknown): string {
  if (error instanceof StanchError) return systemCode(error.cause) ?? error.message.replace(/\.$/, '')
  return systemCode(error) ?? 'unknown error'
}
