import {humanDuration, parseRfc3339} from '../../clock.ts'
import type {Claim} from '../report-acts.ts'
import type {Gap, Headline} from '../report-head.ts'
import {foundLine} from '../forms.ts'
import type {Report} from '../report.ts'
import type {Html} from './markup.ts'
import {markup, instant, join, recordLink, sentence, withPersonal} from './markup.ts'

/** How a verdict is coloured; its words say the same. */
const TONE: Readonly<Record<string, string>> = {
  contained: 'good',
  restored: 'good',
  closed: 'good',
  in_doubt: 'bad',
  unfinished: 'bad',
  opened: 'bad',
}

/**
 * Verdict, all clear, next act and evidence gaps: what a war room wants to know in ten seconds. Each part begins with what
 * must be seen at once; the rest is in a `details` that is open, and that the script folds on a phone, so that all four
 * begin on the first screen there.
 */
export function firstScreen(
  report: Headline & {readonly evidence_gaps: readonly Gap[]; readonly claims: readonly Claim[]} & Partial<
      Pick<Report, 'hunt' | 'view'>
    >,
  partnerNext?: readonly string[],
): Html {
  const {verdict, all_clear: clear, next, evidence_gaps: gaps, claims} = report
  return markup`<div class="first">
<section aria-labelledby="h-verdict">
<h2 id="h-verdict">Verdict</h2>
<p class="verdict ${TONE[verdict.status] ?? 'warn'}">${verdict.words}</p>
${claimList(claims, foundLine(report))}
</section>
<section aria-labelledby="h-clear">
<h2 id="h-clear">All clear</h2>
${allClear(clear)}
</section>
<section aria-labelledby="h-next">
<h2 id="h-next">Next</h2>
${nextList(next, partnerNext, report.view)}
</section>
<section aria-labelledby="h-gaps">
<h2 id="h-gaps">Not known${gaps.length > 1 ? ` (${gaps.length})` : ''}</h2>
${gapItems(gaps, clear)}
</section>
</div>`
}

/** Where the proof of a claim stands, by the claim's place in the report. */
export function claimAnchor(place: number): string {
  return `claim-${place}`
}

/** What stands behind the first words of a part. */
function rest(summary: string | Html, body: Html): Html {
  return markup`<details open class="rest">
<summary>${summary}</summary>
${body}
</details>`
}

const TONES = {proven: 'good', not_proven: 'warn', failed: 'bad'} as const

/** One line a claim, however many APIs it stands for, and one for what the hunt found. */
function claimList(claims: readonly Claim[], found: string | undefined): Html {
  const item =
    found === undefined
      ? undefined
      : markup`<li data-for="war-room auditor"><b class="bad">found</b> ${found} <a href="#hunt" aria-label="hunt: what was done with it">hunt</a></li>`
  if (claims.length === 0) return markup`<p>Nothing is proven yet.</p>${item && markup`<ul class="claims">${item}</ul>`}`
  const lines = new Map<string, {readonly one: Claim; readonly place: number; count: number}>()
  for (const [place, one] of claims.entries()) {
    const line = lines.get(`${one.word} ${one.words}`)
    if (line) line.count += 1
    else lines.set(`${one.word} ${one.words}`, {one, place, count: 1})
  }
  const held = claims.filter((one) => one.verdict === 'proven').length
  return rest(
    markup`${held} of ${claims.length} claims proven${found === undefined ? undefined : markup`<span data-for="war-room auditor">; found ${found}</span>`}`,
    markup`<ul class="claims">${[...lines.values()].map(({one, place, count}) => markup`<li><b class="${TONES[one.verdict]}">${one.word}</b> ${one.words}${count > 1 ? `, ${count} APIs` : ''} <a href="#${claimAnchor(place)}" aria-label="proof that ${one.words}">proof</a></li>`)}${item}</ul>`,
  )
}

function allClear(clear: Headline['all_clear']): Html {
  if (clear.worst_case_at === undefined)
    return markup`<p class="count warn">not known</p>
<p>${clear.basis}</p>`
  const left = (parseRfc3339(clear.worst_case_at) ?? 0) - (parseRfc3339(clear.computed_at ?? '') ?? 0)
  const count =
    clear.state === 'clear'
      ? markup`<p class="count good">clear</p>`
      : clear.moves
        ? markup`<p class="count bad">not fixed yet</p>
<p>Not contained: it moves on with each moment, until new tokens are refused.</p>`
        : markup`<p class="count" role="timer" aria-live="off" data-until="${clear.worst_case_at}">
${humanDuration(left)} from when it was computed
</p>`
  return markup`${count}
<p>${clear.state === 'clear' ? 'Since ' : 'Not before '}${instant(clear.worst_case_at)}.</p>
${rest(
  'on what it rests',
  markup`<p>Basis: ${clear.basis}</p>
${clear.ruled_at === undefined ? undefined : markup`<p>${instant(clear.ruled_at)} if no lifetime was larger before the log begins.</p>`}
<p class="soft">
Issued access tokens cannot be revoked; each lives until its
exp.${clear.observed_at === undefined ? undefined : markup` Those seen in the tenant log live until ${instant(clear.observed_at)} at the latest.`}
${clear.computed_at === undefined ? undefined : markup`Computed ${instant(clear.computed_at)}${clear.record === undefined ? undefined : markup`, ${recordLink(clear.record)}`}.`}
</p>`,
)}`
}

/** @param partner steps for a partner, which hold names that somebody else chose: no command is looked for in them */
function nextList(next: readonly string[], partner: readonly string[] | undefined, view: Report['view'] | undefined): Html {
  const list = (steps: readonly Html[], from: number) => markup`<ol start="${from}">
${join(steps.map((one) => markup`<li>${one}</li>`))}
</ol>`
  const items = (steps: readonly Html[]) =>
    steps.length === 0
      ? markup`<p>Nothing is open by the record.</p>`
      : markup`${list(steps.slice(0, 1), 1)}${steps.length === 1 ? undefined : rest(`${steps.length - 1} more`, list(steps.slice(1), 2))}`
  if (partner === undefined) return items(next.map(view === 'partner' ? withPersonal : sentence))
  return markup`<div data-for="war-room auditor">${items(next.map(sentence))}</div>
<div data-for="partner" hidden>${items(partner.map(withPersonal))}</div>`
}

function gapItems(gaps: readonly Gap[], clear: Headline['all_clear']): Html {
  if (gaps.length === 0 && clear.worst_case_at === undefined)
    return markup`<p>Until when issued tokens live, and whatever else was to be looked at: no exposure was computed in this incident.</p>`
  if (gaps.length === 0)
    return markup`<p>
No evidence gap was recorded. What is done with a token inside an API that keeps its own log is in that log, not here.
</p>`
  // Where nothing is folded the list says it.
  return markup`<p class="lead">${withPersonal(gaps[0]?.what ?? '')}${gaps.length > 1 ? ` and ${gaps.length - 1} more` : ''}</p>
${rest(
  gaps.length > 1 ? 'all of them, and why' : 'why',
  markup`<ul>
${join(gaps.map((gap) => markup`<li>${withPersonal(gap.what)}: ${withPersonal(gap.why)}${gap.record === undefined ? undefined : markup` <span data-for="war-room auditor">(${recordLink(gap.record)})</span>`}</li>`))}
</ul>`,
)}`
}
