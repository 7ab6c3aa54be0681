/** From when a duty counts: awareness is a fact of the incident, the other two are judgements that somebody makes. */
export type ClockStart = 'aware' | 'classified_major' | 'judged_material'

export interface ReportingRule {
  readonly regime: 'DORA' | 'NIS2' | 'GDPR' | 'SEC' | 'HIPAA' | 'PCI DSS'
  readonly what: string
  readonly start: ClockStart
  /** A month counts by the calendar; business days are Monday to Friday. */
  readonly within: {readonly hours?: number; readonly days?: number; readonly months?: number; readonly business_days?: number}
  /** How the deadline was reckoned where the source leaves room. */
  readonly note?: string
  readonly source: string
}

/** RFC 3339 date on which the sources were read. Twelve months later the computed deadlines carry a warning. */
export const CLOCKS_AS_OF = '2026-11-21'

const DORA = 'Regulation (EU) 2025/301, as intellectumlab.com and regulation-dora.eu give it'
const TABLE = 'REGULATORY_CONTEXT.md of aws-samples/aws-incident-response-playbooks (2026-07-02)'

/** What DORA and NIS2 say alike of the last report. */
const FINAL_REPORT = {
  what: 'final report',
  start: 'aware',
  within: {months: 1},
  note: 'one month, reckoned from awareness, the earliest start there can be',
} as const

/** Duties to report that a leaked credential may bring, one line each. Which of them applies is for a lawyer to say. */
export const REPORTING_RULES: readonly ReportingRule[] = [
  {regime: 'DORA', what: 'initial notification, at the latest', start: 'aware', within: {hours: 24}, source: DORA},
  {
    regime: 'DORA',
    what: 'initial notification, after classification as major',
    start: 'classified_major',
    within: {hours: 4},
    source: DORA,
  },
  {
    regime: 'DORA',
    what: 'intermediate report',
    start: 'aware',
    within: {hours: 96},
    note: '72 h after the initial notification, reckoned from its last moment: whoever notified earlier has less time',
    source: DORA,
  },
  {...FINAL_REPORT, regime: 'DORA', source: DORA},
  {regime: 'NIS2', what: 'early warning', start: 'aware', within: {hours: 24}, source: TABLE},
  {regime: 'NIS2', what: 'notification', start: 'aware', within: {hours: 72}, source: TABLE},
  {...FINAL_REPORT, regime: 'NIS2', source: TABLE},
  {regime: 'GDPR', what: 'notification of the supervisory authority', start: 'aware', within: {hours: 72}, source: TABLE},
  {
    regime: 'SEC',
    what: 'disclosure',
    start: 'judged_material',
    within: {business_days: 4},
    note: 'public holidays are counted as business days: the deadline may be later, not earlier',
    source: TABLE,
  },
  {regime: 'HIPAA', what: 'notification', start: 'aware', within: {days: 60}, source: TABLE},
  {regime: 'PCI DSS', what: 'notification', start: 'aware', within: {hours: 0}, source: TABLE},
]
