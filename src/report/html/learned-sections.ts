import {humanDuration} from '../../clock.ts'
import type {Report} from '../report.ts'
import {isNotKnown} from '../report.ts'
import type {Html} from './markup.ts'
import {markup, instant, instantCell, join, personal, recordLink, table, withPersonal} from './markup.ts'

export function pathTables(paths: NonNullable<Report['paths']>): Html {
  if (isNotKnown(paths)) return markup`<p>${paths.not_known}.</p>`
  const rows = (list: (typeof paths)['before']) =>
    list.map((one) => [
      markup`<b class="${one.open ? 'bad' : 'good'}">${one.open ? 'open' : 'closed'}</b>`,
      markup`<code>${one.audience}</code>`,
      `${one.subject}, ${one.via}, ${one.credential}`,
      one.why,
      one.closes === undefined ? '' : withPersonal(one.closes),
    ])
  const titles = ['state', 'API', 'path', 'why', 'what closes it']
  return markup`<p>Computed ${instant(paths.computed_at)}, ${recordLink(paths.record)}.</p>
${table('Before', titles, rows(paths.before))}${table('After the plan', titles, rows(paths.after))}`
}

export function consumerTable(consumers: NonNullable<Report['consumers']>): Html {
  if (isNotKnown(consumers)) return markup`<p>${consumers.not_known}.</p>`
  const adoption = Object.entries(consumers.adoption).map(([standing, count]) => `${count} ${standing}`)
  return markup`<p>${adoption.join(', ')}. Computed ${instant(consumers.computed_at)}, ${recordLink(consumers.record)}.</p>
${table(
  'Users of the credential',
  ['standing', 'from', 'APIs', 'tokens', 'every', 'first, UTC', 'last, UTC', 'needs its next, UTC'],
  consumers.items.map((one) => [
    markup`<b class="${one.standing === 'moved' ? 'good' : one.standing === 'failing' ? 'bad' : 'warn'}">${one.standing}</b>`,
    markup`${one.ip === undefined ? 'no address' : personal(one.ip)}
${one.user_agent === undefined ? undefined : personal(one.user_agent)}${one.fingerprint === undefined ? undefined : markup` <code>${one.fingerprint}</code>`}`,
    one.audiences.join(', '),
    one.issuances,
    one.rhythm_seconds === undefined ? 'no rhythm' : humanDuration(one.rhythm_seconds),
    instantCell(one.first_at),
    instantCell(one.last_at),
    one.next_needed_at === undefined ? 'not known' : instantCell(one.next_needed_at),
  ]),
)}`
}

export function huntTables(hunt: NonNullable<Report['hunt']>): Html {
  if (isNotKnown(hunt)) return markup`<p>${hunt.not_known}.</p>`
  const suspects = Object.entries(hunt.suspects)
    .filter(([, values]) => values.length > 0)
    .map(
      ([kind, values]) =>
        markup`<dt>${kind.replaceAll('_', ' ')}</dt>
<dd>
${join(
  values.map((one) => (kind === 'ips' || kind === 'user_agents' ? personal(one) : markup`<code>${one}</code>`)),
  ', ',
)}
</dd>`,
    )
  return markup`<p>${hunt.entries} log entries were searched, ${instant(hunt.computed_at)}, ${recordLink(hunt.record)}.</p>
${
  suspects.length === 0
    ? undefined
    : markup`<h3>Suspects</h3>
<dl>${suspects}</dl>`
}${table(
    'Findings',
    ['verdict', 'what', 'UTC', 'hunt', 'what removes it'],
    hunt.findings.map((one) => [
      markup`<b class="${one.verdict === 'hostile' ? 'bad' : one.verdict === 'suspect' ? 'warn' : 'soft'}">${one.verdict}</b>`,
      markup`${withPersonal(one.what)}${one.ip === undefined ? undefined : markup` from ${personal(one.ip)}`}${logEntries(one.log_ids)}`,
      instantCell(one.at),
      one.hunt,
      one.remove === undefined ? '' : withPersonal(one.remove),
    ]),
  )}${table(
    'Inventory: open until it is removed or waived',
    ['what', 'hunt', 'what removes it', 'id'],
    hunt.inventory.map((one) => [withPersonal(one.what), one.hunt, withPersonal(one.remove), markup`<code>${one.id}</code>`]),
  )}${
    hunt.not_seen.length === 0
      ? undefined
      : markup`<h3>What a hunt cannot see</h3>
<ul>
${join(hunt.not_seen.map((one) => markup`<li>${one.what}: ${one.why}</li>`))}
</ul>`
  }`
}

/** Entries of the tenant's log that a finding rests on: some of them, the rest counted; `--json` has all. */
function logEntries(ids: readonly string[]): Html | undefined {
  if (ids.length === 0) return undefined
  const shown = join(
    ids.slice(0, 3).map((id) => markup`<code>${id}</code>`),
    ', ',
  )
  return markup`<br><span class="soft log">log ${shown}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}</span>`
}

export function watchTable(watch: NonNullable<Report['watch']>): Html {
  if (isNotKnown(watch)) return markup`<p>${watch.not_known}.</p>`
  return table(
    'Seen while watching',
    ['UTC', 'what', 'finding', 'source'],
    watch.items.map((one) => [instantCell(one.at), one.verdict, withPersonal(one.finding), recordLink(one.record)]),
  )
}
