import {tenantNow} from '../execution/verify.ts'
import type {IncidentState} from '../incident/replay.ts'
import type {RecordedEvent, WatchView} from '../incident/watch/view.ts'
import {stateMembers, watchDocument, watchEventLine, watchLine, watchScreen} from '../report/watch-lines.ts'
import {layOut} from '../terminal/screen.ts'
import {WatchScreen} from '../terminal/watch-screen.ts'
import type {Connected} from './context.ts'

export interface WatchOutputOptions {
  readonly json: boolean
  readonly connected: Pick<Connected, 'tenant' | 'mode' | 'clock' | 'origin'>
  readonly env: NodeJS.ProcessEnv
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly interval: number
  /** One look only: its state is the result. */
  readonly once: boolean
}

/** A state that is the same but for the time is said again after this long, seconds of tenant time. */
const AGAIN_SECONDS = 900
/** Events that a screen remembers. */
const KEPT = 20

/** Where a watch is seen: a stream of documents for a bot, a screen for a person, lines for everything else. */
export class WatchOutput {
  readonly #options: WatchOutputOptions
  readonly #screen: WatchScreen | undefined
  readonly #zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  #view: WatchView | undefined
  readonly #events: RecordedEvent[] = []
  #said = ''
  #said_at = 0

  constructor(options: WatchOutputOptions) {
    this.#options = options
    const {stderr, env, json} = options
    this.#screen =
      json || !WatchScreen.fits(stderr, env)
        ? undefined
        : new WatchScreen({
            output: stderr,
            env,
            lines: (size) => (this.#view ? watchScreen(this.#view, this.#events, this.#about(), size, this.#now()) : []),
            tone: () => (this.#view?.state === 'clear' ? 'bold' : this.#view?.state === 'alarm' ? 'bad' : 'careful'),
          })
  }

  begin(state: IncidentState): void {
    if (!this.#options.json) return
    const {connected, interval} = this.#options
    this.#print(
      watchDocument('watching', {
        incident_id: state.incident_id,
        client_id: state.client_id,
        tenant: connected.origin.host,
        simulated: connected.mode === 'sim',
        interval_seconds: interval,
      }),
    )
  }

  event(event: RecordedEvent): void {
    this.#events.push(event)
    if (this.#events.length > KEPT) this.#events.shift()
    if (this.#options.json) return this.#print(watchDocument('event', event))
    if (!this.#screen) this.#line(watchEventLine(event))
  }

  view(view: WatchView): void {
    this.#view = view
    if (this.#screen) return this.#screen.draw()
    // For people the last state is the result, and is printed as such.
    if (!this.#options.json && (this.#options.once || view.state === 'clear')) return
    const {state, all_clear_at, next, counts, blind} = view
    const same = JSON.stringify({state, all_clear_at, next, counts, blind})
    const at = Date.parse(view.at) / 1000
    if (same === this.#said && at - this.#said_at < AGAIN_SECONDS) return
    this.#said = same
    this.#said_at = at
    if (this.#options.json) this.#print(watchDocument('state', stateMembers(view)))
    else this.#line(watchLine(view, this.#zone))
  }

  /** The result: on standard output, whoever watched. */
  end(view: WatchView, exit: number): void {
    this.#view = view
    if (this.#options.json) return this.#print(watchDocument('ended', {...stateMembers(view), exit}))
    this.#screen?.draw()
    this.close()
    const {stdout} = this.#options
    for (const line of stdout.isTTY ? layOut([watchLine(view, this.#zone)], stdout.columns) : [watchLine(view, this.#zone)])
      this.#print(line)
    this.#options.stderr.write(`${this.#options.connected.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant; exit ${exit}\n`)
  }

  close(): void {
    this.#screen?.close()
  }

  #about() {
    const {origin, mode} = this.#options.connected
    return {tenant: origin.host, simulated: mode === 'sim', zone: this.#zone}
  }

  #now(): number {
    return tenantNow(this.#options.connected)
  }

  #print(line: string): void {
    this.#options.stdout.write(`${line}\n`)
  }

  #line(line: string): void {
    for (const one of layOut([line], this.#options.stderr.columns)) this.#options.stderr.write(`${one}\n`)
  }
}
