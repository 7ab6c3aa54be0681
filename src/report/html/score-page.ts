import {humanDuration} from '../../clock.ts'
import {attackerLines, tookOf} from '../score-card.ts'
import type {ScoreCard} from '../score-card.ts'
import {join, markup, table} from './markup.ts'
import {htmlReport} from './page.ts'

/** The score card as a page: times against targets and what was missed first, the incident's report below. */
export function scorePage(card: ScoreCard, script: string): string {
  const rows = card.targets.map((one) => [
    one.words,
    humanDuration(one.target_seconds),
    tookOf(one),
    markup`<b class="${one.met ? 'good' : 'bad'}">${one.met ? 'met' : 'MISSED'}</b>`,
  ])
  const met = card.targets.filter((one) => one.met).length
  return htmlReport(card.report, script, {
    title: `Score card of the drill ${card.scenario}`,
    body: markup`<section aria-labelledby="h-score">
<h2 id="h-score">${met} of ${card.targets.length} targets met</h2>
${table('Times against the targets, in tenant time, from the beginning of the drill', ['what', 'at most', 'took', 'target'], rows)}
<h3>What was missed</h3>
${card.missed.length === 0 ? markup`<p>Nothing of what is looked at.</p>` : markup`<ul>${join(card.missed.map((one) => markup`<li>${one}</li>`))}</ul>`}
<h3>The attacker and the owner</h3>
<ul>${join(attackerLines(card).map((one) => markup`<li>${one}</li>`))}</ul>
</section>`,
  })
}
