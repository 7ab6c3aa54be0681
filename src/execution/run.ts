import type {Sink, SinkDeps} from '../delivery/sink.ts'
import type {Tenant} from '../auth0/tenant.ts'
import type {Clock} from '../clock.ts'
import type {Secret} from '../secret.ts'
import type {IncidentTrail} from './incident-trail.ts'
import type {LogCapture} from './log-capture.ts'
import type {LogCaps} from './log-saver.ts'
import type {Responder} from './responder.ts'

/** Everything an incident is worked with: one tenant, one trail, one person. Made by the composition root, used by this room only. */
export interface Run {
  readonly tenant: Tenant
  readonly journal: IncidentTrail
  readonly responder: Responder
  readonly clock: Clock
  readonly mode: 'real' | 'sim'
  /** The leaked value, where the responder gave it: for probes, never stored. */
  readonly leaked?: Secret
  readonly handOver?: HandOver
  /** Set by the first Ctrl-C: the change under way is finished or settled, then nothing more is begun. */
  readonly interruption: {requested: boolean}
  /** The tenant's log, of which the first pages are on their way since the observation began. */
  readonly capture?: LogCapture
  /** How long saving the log may take; `LOG_CAPS` where nothing is said. */
  readonly log_caps?: LogCaps
}

/** Where a new secret goes, and where it goes when that fails. */
export interface HandOver {
  readonly sink: Sink
  /** A 0600 file in the incident's own folder. */
  readonly fallback: Sink
  readonly deps: SinkDeps
}
