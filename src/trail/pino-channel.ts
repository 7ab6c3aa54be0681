import {StanchError} from '../errors.ts'
import type {StoredRecord} from './format/record.ts'

export interface Emitted {
  readonly record: StoredRecord
  /** canonical, without LF */
  readonly line: string
}

/**
 * The audit channel: pino emits the lines, a synchronous destination of ours decides.
 *
 * pino's own destinations swallow a full disk, a closed pipe and a filtered level, so none of its destinations,
 * transports, children, mixins or redaction is used here. The destination compares what pino wrote with what we
 * expected, byte for byte, and when the last line of a group has come it commits the group: an error there reaches
 * the caller through pino.
 */
export class PinoChannel {
  readonly #log: (record: object) => void
  #due: readonly Emitted[] = []
  #commit: () => void = () => {}
  #received = 0
  readonly #committed: (group: readonly Emitted[]) => void

  private constructor(log: (record: object) => void, committed: (group: readonly Emitted[]) => void) {
    this.#log = log
    this.#committed = committed
  }

  /**
   * pino is loaded here, by the commands that write records, and by no other.
   *
   * @param committed hears of every group that is durable; it must not throw
   */
  static async create(committed: (group: readonly Emitted[]) => void = () => {}): Promise<PinoChannel> {
    const {pino} = await import('pino')
    const sink = {write: (_line: string): void => {}}
    const logger = pino(
      {base: null, timestamp: false, level: 'trace', messageKey: 'text', formatters: {level: () => ({v: 1})}},
      sink,
    )
    const channel = new PinoChannel((record) => logger.info(record), committed)
    sink.write = (line) => channel.#take(line)
    return channel
  }

  /**
   * Emits a group. `commit` runs once, after the last line came and before this returns.
   *
   * @throws {StanchError} `E_EMIT` when a line differs or did not come; whatever `commit` throws
   */
  emit(group: readonly Emitted[], commit: () => void): void {
    this.#due = group
    this.#commit = commit
    this.#received = 0
    try {
      for (const [i, {record}] of group.entries()) {
        const {v: _v, ...members} = record // pino writes `v` itself, in place of its level
        this.#log(members)
        if (this.#received !== i + 1) throw new StanchError('E_EMIT', `Record ${record.seq} was not emitted.`)
      }
    } finally {
      this.#due = []
    }
    this.#committed(group)
  }

  #take(line: string): void {
    const due = this.#due[this.#received]
    if (due === undefined || line !== `${due.line}\n`) {
      throw new StanchError(
        'E_EMIT',
        due
          ? `Record ${due.record.seq} was emitted in another form than it was checked in.`
          : 'A record was emitted that nobody appended.',
      )
    }
    this.#received++
    if (this.#received === this.#due.length) this.#commit()
  }
}
