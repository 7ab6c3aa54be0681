import {cefLine} from './cef.ts'
import {CSV_HEAD, csvLine} from './csv.ts'
import {ecsLine} from './ecs.ts'
import type {TrailEvent} from './event.ts'
import {jsonLine} from './jsonl.ts'
import {ocsfLine} from './ocsf.ts'

export const EXPORT_FORMATS = ['ocsf', 'ecs', 'cef', 'csv', 'jsonl'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** What stands before the first event. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? CSV_HEAD : ''
}

/** One event as a whole line; empty when the format has no place for this record. `version` is that of stanch. */
export function exportLine(format: ExportFormat, event: TrailEvent, version: string): string {
  switch (format) {
    case 'ocsf':
      return ocsfLine(event)
    case 'ecs':
      return ecsLine(event)
    case 'cef':
      return cefLine(event, version)
    case 'csv':
      return csvLine(event)
    case 'jsonl':
      return jsonLine(event)
  }
}
