/** What a watch reports. `clear` is the last one. */
export const WATCH_VERDICTS = [
  'tripwire',
  'grant_back',
  'new_credential',
  'new_client',
  'log_stream_paused',
  'adoption',
  'clear',
] as const
export type WatchVerdict = (typeof WATCH_VERDICTS)[number]

/** Log ids that an event names; `count` has the number of all. */
export const MAX_LOG_IDS = 20

/** Something that the watch saw. Instants are RFC 3339 UTC, tenant time. Every text may be tenant text. */
export interface WatchEvent {
  readonly verdict: WatchVerdict
  /** `type:id`: with the verdict it names the thing for good, so that nothing is reported twice. */
  readonly target: string
  /** One sentence; tenant text in it is printable. */
  readonly finding: string
  /** True when containment no longer holds: a token was given out, or can be. */
  readonly alarm: boolean
  /** Log entries that it stands for since it was last reported; 1 for what was seen in the tenant's state. */
  readonly count: number
  /** True when the same source was reported before. */
  readonly again: boolean
  readonly first_at: string
  readonly last_at: string
  readonly log_ids: readonly string[]
  readonly client_id?: string
  readonly audience?: string
  readonly ip?: string
  readonly user_agent?: string
  readonly fingerprint?: string
  /** Until when tokens live that were given out with it. */
  readonly until?: string
}
