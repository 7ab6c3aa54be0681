import {printable} from '../../untrusted.ts'
import type {Report} from '../report.ts'
import {LEFT_OUT, partnerNext, VIEWS} from '../report-views.ts'
import type {View} from '../report-views.ts'
import {firstScreen} from './first-screen.ts'
import {Html, markup, join} from './markup.ts'
import {sections} from './sections.ts'
import type {Section} from './section.ts'
import {hashSource, shell, SIMULATED} from './shell.ts'

/** Something that a report belongs to: a drill's score. */
export interface Lead {
  readonly title: string
  readonly body: Html
}

/** Longest name of an application, and longest title, at the head of the page, characters. */
const [MAX_NAME, MAX_TITLE] = [60, 120]

const VIEW_WORDS: Readonly<Record<View, string>> = {
  'war-room': 'war room',
  'auditor': 'auditor',
  'partner': 'partner',
}

/**
 * One self-contained page. It loads nothing and can talk to nobody: its policy allows exactly its own style and script.
 * Without a script it says the same; the script adds the countdown, the reader's zone and the switches.
 *
 * @param script classic script of the page, as it was built
 * @param lead what stands before the report, under a title of its own
 */
export function htmlReport(report: Report, script: string, lead?: Lead): string {
  const parts = sections(report)
  // Bounded: a name that somebody else chose must not push the verdict off the first screen.
  const client = report.client.name === undefined ? undefined : printable(report.client.name, MAX_NAME)
  const plain = `${report.leak} of ${client ?? report.client.client_id ?? 'an application'}`
  const name = printable(lead?.title ?? report.title ?? plain, MAX_TITLE)
  const body = markup`<body data-view="${report.view}">
<a class="skip" href="#main">To the verdict</a>
<header>
<p class="meta">
${report.simulated ? SIMULATED : undefined}Incident
${report.incident_id}, tenant ${report.tenant}, client ${client ?? ''}
${report.client.client_id ?? 'not known'}${report.ticket === undefined ? undefined : markup`, <span data-for="war-room auditor">ticket ${report.ticket}</span>`}
</p>
${report.view === 'war-room' ? markup`<h1 data-for="war-room auditor">${name}</h1><h1 data-for="partner" hidden>${plain}</h1>` : markup`<h1>${name}</h1>`}
</header>
<main id="main">
${lead?.body}
${firstScreen(report, report.view === 'war-room' ? partnerNext(report) : undefined)} ${views(report)}
<nav aria-label="Parts of this report">
<ul>
${join(parts.map((part) => markup`<li${forViews(part)}><a href="#${part.id}">${part.title}</a></li>`))}
</ul>
</nav>
${join(
  parts.map(
    (part) =>
      markup`<section id="${part.id}" aria-labelledby="h-${part.id}"${forViews(part)}>
<h2 id="h-${part.id}">${part.title}</h2>
${part.body}
</section>`,
  ),
  '\n',
)}
</main>
<script>${Html.own(script)}</script>
</body>`
  return shell({
    title: `${report.simulated ? 'SIMULATED: ' : ''}${name}, ${report.incident_id}`,
    scripts: `'${hashSource(script)}'`,
    body,
  })
}

function forViews(part: Section): Html | undefined {
  return part.views === undefined ? undefined : Html.own(` data-for="${part.views}"`)
}

/** The war room's page can look like the others; what is handed out is made without what they leave out. */
function views(report: Report): Html {
  if (report.view !== 'war-room')
    return markup`<div class="out">
<p><b>The ${VIEW_WORDS[report.view]}'s view.</b> Left out, and not in this file:</p>
<ul>
${join(report.left_out.map((one) => markup`<li>${one}</li>`))}
</ul>
</div>`
  const options = VIEWS.map(
    (view) =>
      markup`<label><input type="radio" name="view" value="${view}"${view === 'war-room' ? Html.own(' checked') : undefined}>${VIEW_WORDS[view]}</label>`,
  )
  const notes = VIEWS.filter((view) => view !== 'war-room').map(
    (view) =>
      markup`<div class="out" data-for="${view}" hidden>
<p>
Hidden on the screen, but still in this file. To hand it out:
<code>stanch report ${report.incident_id} --format html --view ${view} -o FILE</code>. The ${VIEW_WORDS[view]}'s view
leaves out:
</p>
<ul>
${join(LEFT_OUT[view].map((one) => markup`<li>${one}</li>`))}
</ul>
</div>`,
  )
  return markup`<fieldset class="views screen" hidden id="views">
<legend>Seen as</legend>
${options}
</fieldset>
<p class="soft" data-for="war-room">
The war room's view: everything. It holds personal data; hand out the other views only as files of their own.
</p>
${notes}`
}
