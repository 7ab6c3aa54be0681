import path from 'node:path'

import {scopeRisk} from '../auth0/scopes.ts'
import {StanchError} from '../errors.ts'
import {fileStat, readBounded} from '../files/read.ts'
import {createExclusive} from '../files/write.ts'
import {sha256Of} from '../report/bundle-manifest.ts'
import {chatText, statusText, ticketText} from '../report/forms.ts'
import {htmlReport} from '../report/html/page.ts'
import {markdownReport} from '../report/markdown.ts'
import {incidentReport} from '../report/report.ts'
import type {Report} from '../report/report.ts'
import type {View} from '../report/report-views.ts'
import {scrub} from '../secret.ts'
import {safeJson} from '../untrusted.ts'
import {accountNow} from './account.ts'
import type {Place} from './context.ts'
import {findIncident} from './incidents.ts'

export const REPORT_FORMATS = ['md', 'html', 'json', 'text', 'chat', 'status'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** Largest script of a page, bytes. */
const MAX_SCRIPT = 1 << 20

export interface ReportRequest {
  readonly incident: string
  readonly format: ReportFormat
  readonly view: View
  /** A new file. */
  readonly output?: string | undefined
}

export interface Reported {
  readonly incident_id: string
  readonly simulated: boolean
  readonly format: ReportFormat
  readonly view: View
  /** Of the text. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** The file; then neither `text` nor `report` is here. */
  readonly path?: string
  readonly text?: string
  /** In place of a text, for the form `json`. */
  readonly report?: Report
}

/** @throws incident.unknown | usage.invalid when the output exists | E_DISK */
export function writeReport(place: Place, request: ReportRequest): Reported {
  const found = findIncident(place, request.incident)
  const output = request.output === undefined ? undefined : path.resolve(request.output)
  if (output !== undefined && fileStat(output))
    throw new StanchError('usage.invalid', `${output} exists; it was left alone.`, {hint: 'Name another one with --output.'})
  const account = {...accountNow(place, found), scope: scopeRisk}
  const report = incidentReport(account, request.view)
  // Records and evidence were looked through when they were written; this is for tenant text that was let through then.
  const text = scrub(textOf(report, request.format, () => pageScript(place, 'report')))
  const bytes = Buffer.from(text)
  if (output !== undefined) createExclusive(output, bytes, 0o600)
  return {
    incident_id: found.state.incident_id,
    simulated: found.mode === 'sim',
    format: request.format,
    view: request.view,
    sha256: sha256Of(bytes),
    size: bytes.length,
    ...(output === undefined ? (request.format === 'json' ? {report: JSON.parse(text) as Report} : {text}) : {path: output}),
  }
}

/** The text of a report in one of its forms. */
export function textOf(report: Report, format: ReportFormat, script: () => string): string {
  switch (format) {
    case 'md':
      return markdownReport(report)
    case 'html':
      return htmlReport(report, script())
    case 'json':
      return `${safeJson(report, 2)}\n`
    case 'text':
      return ticketText(report)
    case 'chat':
      return chatText(report)
    case 'status':
      return statusText(report)
  }
}

/** A script of a page as it was built, beside the program. */
export function pageScript(place: Place, name: 'report' | 'evidence'): string {
  return readBounded(path.join(place.config.root, `dist/page/${name}.js`), MAX_SCRIPT).toString('utf8')
}
