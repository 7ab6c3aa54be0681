/**
 * What happened in an incident, as the trail's records say it, free of the trail's envelope. `replay` folds these
 * into the incident's state; nothing else remembers anything.
 */
export type IncidentEvent =
  | (Base & {
      readonly kind: 'opened'
      readonly tenant: string
      readonly title: string
      readonly leak: string
      readonly client_id?: string
      readonly aware_at?: string
      readonly leaked_at?: string
      readonly ticket?: string
    })
  | (Base & {readonly kind: 'updated'; readonly members: Readonly<Record<string, unknown>>})
  | (Base & {readonly kind: 'closed'; readonly all_clear_at: string; readonly disposition?: string})
  | (Base & {readonly kind: 'planned'; readonly plan_sha256: string; readonly evidence: string})
  | (Base & {readonly kind: 'decided'; readonly question: string; readonly answer: string; readonly plan_sha256?: string})
  | (Base & {readonly kind: 'intended'} & Intent)
  | (Base & {
      readonly kind: 'ended'
      readonly op: string
      readonly intent: number
      readonly action: string
      readonly result: 'ok' | 'failed' | 'refused' | 'unknown'
      /** NumericDate of the tenant's Date header. */
      readonly date?: number
      readonly status?: number
      readonly after?: string
      readonly error?: {readonly code: string; readonly text: string}
    })
  | (Base & {
      readonly kind: 'settled'
      readonly op: string
      readonly intent: number
      readonly result: 'ok' | 'not_done'
      readonly by: string
    })
  | (Base & {
      readonly kind: 'observed'
      readonly action: string
      readonly target?: string
      readonly finding: string
      readonly verdict?: string
      readonly count?: number
      readonly first_at?: string
      readonly last_at?: string
      readonly evidence?: string
    })
  | (Base & {
      readonly kind: 'delivered'
      readonly op: string
      readonly sink: string
      readonly result: 'ok' | 'failed'
      readonly fingerprint?: string
    })
  | (Base & {readonly kind: 'missing'; readonly what: string; readonly why: string})
  | (Base & {readonly kind: 'noted'; readonly text: string})

interface Base {
  /** Index in the trail. */
  readonly seq: number
  /** Machine time of the record, RFC 3339. */
  readonly at: string
}

export interface Intent {
  readonly op: string
  readonly try: number
  readonly action: string
  readonly target: string
  readonly step?: string
  readonly phase?: string
  /** The plan that it belongs to. */
  readonly plan_sha256?: string
  readonly before?: string
  /** Evidence of the state before, SHA-256. */
  readonly state?: string
  readonly correlation_id: string
}
