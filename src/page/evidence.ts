/*
 * The evidence page: checks the bundle's records, proofs and checkpoint with the verifier of stanch itself, and shows
 * each record with what is wrong with it. Loads nothing, sends nothing. Built into one classic script.
 */
import {type Checked, check, onlySignatureOpen} from './check.ts'
import {readFolder} from './files.ts'
import {showLocalTimes} from './local-time.ts'
import {focusWhatScrolls} from './regions.ts'
import {notExcluded} from '../trail/format/not-excluded.ts'
import type {SliceFiles} from '../trail/format/slice.ts'
import type {Trust} from '../trail/format/verify-input.ts'
import {printable} from '../untrusted.ts'

declare const STANCH_DATA: {
  readonly records: readonly string[]
  readonly proofs: readonly string[]
  readonly checkpoint: readonly string[]
}

let slice: SliceFiles | undefined
let damaged: string | undefined

function byId(id: string): HTMLElement {
  return document.getElementById(id) ?? document.body
}

function fieldText(id: string): string | undefined {
  const field = byId(id)
  const text = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field.value.trim() : ''
  return text === '' ? undefined : text
}

function trust(): Trust {
  const known = fieldText('known')
  return {
    vkey: fieldText('vkey'),
    first: fieldText('first'),
    known: known === undefined ? undefined : [known.includes('\n\n') ? `${known}\n` : known],
    witness: fieldText('witness')
      ?.split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  }
}

async function run(): Promise<void> {
  if (!slice)
    return verdict('bad', 'NOT VERIFIED: there is nothing to check', 'page/data.js is missing or is not what it should be.')
  const given = trust()
  const checked = await check(slice, given)
  showVerdict(checked)
  showFacts(slice, checked, given)
  showRecords(slice, checked)
  showLocalTimes()
}

function verdict(tone: 'good' | 'warn' | 'bad', text: string, why: string): void {
  byId('verdict').className = `verdict ${tone}`
  byId('verdict').textContent = text
  byId('why').textContent = why
  document.body.dataset['verdict'] = tone
}

function showVerdict(checked: Checked): void {
  const {verification, unchecked} = checked
  const {first_bad: bad, records, size, findings} = verification
  if (damaged !== undefined && verification.ok)
    return verdict(
      'bad',
      `NOT VERIFIED: ${damaged}`,
      'The records agree with the checkpoint, but not every file is what it should be.',
    )
  if (onlySignatureOpen(checked))
    return verdict(
      'warn',
      'NOT PROVEN: no signature was checked',
      `All ${records} records are in the tree of the checkpoint, but ${unchecked ?? ''}: nobody knows here who signed it. Use a newer browser or another verifier.`,
    )
  if (!verification.ok) {
    verdict(
      'bad',
      `NOT VERIFIED: ${bad?.seq === undefined ? '' : `record ${bad.seq}: `}${printable(bad?.kind ?? 'unknown')}`,
      printable(bad?.detail ?? '', 400),
    )
    if (bad?.seq !== undefined) byId('why').append('. ', linkTo(bad.seq))
    return
  }
  const open = findings.filter(({severity}) => severity === 'incomplete')
  if (!verification.complete)
    return verdict(
      'warn',
      'VERIFIED BUT INCOMPLETE',
      `All ${records} records are as they were signed, but ${open.map(({kind, detail}) => `${kind} (${printable(detail)})`).join('; ')}.`,
    )
  verdict(
    'good',
    'VERIFIED',
    `All ${records} records are as they were signed, each in the tree of ${size} records whose checkpoint is signed by the key below.`,
  )
}

/** To the row of a record, which may be far below. */
function linkTo(seq: number): HTMLElement {
  const link = element('a', `Record ${seq} below`)
  link.setAttribute('href', `#r${seq}`)
  return link
}

function showFacts(files: SliceFiles, {verification, signers, unchecked}: Checked, given: Trust): void {
  const {signer, size, root_hash: root, anchors, mode} = verification
  const rows: [string, string][] = [
    ['key', `${signer === '' ? 'none' : signer}, ${given.vkey === undefined ? 'taken from the bundle itself' : 'given by you'}`],
    ['signature', unchecked === undefined ? 'Ed25519, checked by this browser' : `NOT CHECKED: ${unchecked}`],
    ['signed by', signers.join(', ') || 'nobody'],
    ['checkpoint', `${size} records, root ${root}`],
    ['mode', mode === 'sim' ? 'SIMULATED' : mode],
    ['anchors on record', anchorsOf(files) || 'none: nothing says that a copy of a checkpoint is elsewhere'],
    [
      'anchors held against it',
      anchors.length === 0 ? 'none; paste what you hold below' : anchors.map(({type, detail}) => `${type}: ${detail}`).join('; '),
    ],
  ]
  byId('facts').replaceChildren(...rows.flatMap(([name, value]) => [element('dt', name), element('dd', printable(value, 600))]))
  const open = verification.ok
    ? notExcluded({...verification, signer_from: given.vkey === undefined ? 'trail' : 'flag'})
    : ['anything, since it does not verify']
  byId('open').replaceChildren(...open.map((text) => element('li', text)))
}

/** What the records say of copies elsewhere: true only if somebody there can show them. */
function anchorsOf(files: SliceFiles): string {
  return files.records
    .split('\n')
    .flatMap((line) => {
      if (!line.includes('"kind":"anchor"')) return []
      try {
        const {seq, type, size} = JSON.parse(line) as Record<string, unknown>
        return [`record ${String(seq)}: ${String(type)}, size ${String(size)}`]
      } catch {
        return []
      }
    })
    .join('; ')
}

function showRecords(files: SliceFiles, {verification}: Checked): void {
  const wrong = new Map<number, string[]>()
  for (const {severity, seq, kind, detail} of verification.findings)
    if (severity === 'failed' && seq !== undefined) wrong.set(seq, [...(wrong.get(seq) ?? []), `${kind}: ${detail}`])
  // Past its limit the verifier counts findings instead of listing them: then a row without one says nothing.
  const listed = !verification.findings.some(({kind}) => kind === 'more findings')
  const lines = files.records.replace(/\n$/, '').split('\n')
  const proofs = files.proofs.split('\n')
  const rows = lines.map((line, index) => row(line, Number((proofs[index] ?? '').split(' ')[0]), wrong, listed))
  byId('records').replaceChildren(...rows)
  byId('count').textContent =
    `${lines.length} records; ${wrong.size === 0 ? 'none is wrong' : `${listed ? '' : 'at least '}${wrong.size} wrong, in red`}.`
}

function row(line: string, due: number, wrong: ReadonlyMap<number, readonly string[]>, listed: boolean): HTMLElement {
  let record: Record<string, unknown> = {}
  try {
    record = JSON.parse(line) as Record<string, unknown>
  } catch {
    // shown by its place; the check says what is wrong with it
  }
  const seq = typeof record['seq'] === 'number' ? record['seq'] : due
  const problems = wrong.get(seq) ?? wrong.get(due)
  const said = (member: string) => (typeof record[member] === 'string' ? record[member] : '')
  const time = element('td')
  if (said('time') !== '') time.append(element('time', said('time').slice(0, 19).replace('T', ' ')))
  const what = [said('kind'), said('action'), said('target'), said('result') || said('verdict')]
    .filter((one) => one !== '')
    .join(' ')
  const cell = element('td')
  cell.append(
    problems
      ? element('b', `WRONG: ${printable(problems.join('; '), 400)}`, 'bad')
      : listed
        ? element('span', 'as signed', 'good')
        : element('span', 'not listed'),
  )
  const made = element('tr', undefined, problems ? 'wrong' : '')
  made.id = `r${seq}`
  cell.className = 'long'
  made.append(element('td', String(seq)), time, element('td', printable(what, 200), 'long'), cell)
  // On a phone a row is shown as a block; it is heard as a row there too.
  made.role = 'row'
  for (const one of made.children) one.role = 'cell'
  return made
}

function element(name: string, text?: string, className = ''): HTMLElement {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  if (className !== '') made.className = className
  return made
}

async function useFolder(input: HTMLInputElement): Promise<void> {
  const folder = await readFolder(input.files ?? [])
  slice = folder.slice
  damaged = folder.findings[0] && `${folder.findings[0].path} ${folder.findings[0].detail}`
  byId('files').replaceChildren(
    ...folder.findings.map(({path, detail}) => element('li', `${printable(path)} ${printable(detail)}`, 'bad')),
    element(
      'li',
      `${folder.files} files were read; ${folder.findings.length === 0 ? 'each is what MANIFEST.sha256 and its name say' : `${folder.findings.length} wrong`}`,
    ),
  )
  await run()
}

if (typeof STANCH_DATA === 'object') {
  const text = (lines: readonly string[]) => lines.join('\n')
  slice = {records: text(STANCH_DATA.records), proofs: text(STANCH_DATA.proofs), checkpoint: text(STANCH_DATA.checkpoint)}
}
byId('again').addEventListener('click', () => void run())
byId('folder').addEventListener('change', (event) => {
  if (event.target instanceof HTMLInputElement) void useFolder(event.target)
})
focusWhatScrolls()
void run()
