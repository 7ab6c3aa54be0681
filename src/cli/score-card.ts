import path from 'node:path'

import {StanchError} from '../errors.ts'
import {fileStat} from '../files/read.ts'
import {createExclusive} from '../files/write.ts'
import {scorePage} from '../report/html/score-page.ts'
import {markdownReport} from '../report/markdown.ts'
import {incidentReport} from '../report/report.ts'
import {scoreCard, scoreMarkdown} from '../report/score-card.ts'
import type {ScoreCard, ScoreFacts} from '../report/score-card.ts'
import {scrub} from '../secret.ts'
import {safeJson} from '../untrusted.ts'
import {accountNow} from './account.ts'
import type {Place} from './context.ts'
import {findIncident} from './incidents.ts'
import {pageScript} from './report.ts'

/** Before a drill begins: nobody wants to practise for a file that cannot be written. @throws usage.invalid */
export function refuseScoreFile(file: string): void {
  if (!/\.(html|json|md)$/.test(file))
    throw new StanchError(
      'usage.invalid',
      'A score card is a page, JSON or Markdown: name a file that ends in .html, .json or .md.',
    )
  if (fileStat(path.resolve(file)))
    throw new StanchError('usage.invalid', `${file} exists; it was left alone.`, {hint: 'Name another one with --report.'})
}

/** The score card of a drill, without personal data. */
export function scoreCardOf(place: Place, incident: string, facts: ScoreFacts): ScoreCard {
  return scoreCard(incidentReport(accountNow(place, findIncident(place, incident)), 'auditor'), facts)
}

/** Writes the score card of a drill for the auditor's folder. @returns the file */
export function writeScoreCard(place: Place, card: ScoreCard, file: string): string {
  const output = path.resolve(file)
  const text = output.endsWith('.html')
    ? scorePage(card, pageScript(place, 'report'))
    : output.endsWith('.json')
      ? `${safeJson(card, 2)}\n`
      : scoreMarkdown(card, markdownReport(card.report))
  createExclusive(output, Buffer.from(scrub(text)), 0o600)
  return output
}
