import {StanchError} from '../errors.ts'
import {Secret} from '../secret.ts'
import {inspectText} from '../tokens/inspect.ts'
import {MAX_FINDINGS_FILE, scannerFindings, type ScannerFinding, type ScannerFindings} from '../tokens/scanner.ts'
import {printable} from '../untrusted.ts'
import {readText} from './read-text.ts'

/** One finding of a scanner, picked: the value, and what the scanner knew about it. */
export interface PickedFinding {
  readonly value: Secret
  readonly client_id?: string
  readonly tenant?: string
  /** For the record: which detector, where. Foreign text made printable; no secret. */
  readonly said: string
}

export interface ScannerFlags {
  readonly 'from-scanner'?: string | undefined
  readonly finding?: number | undefined
}

/**
 * The finding that is meant: the only one, the one that `--finding` names, or the one that a person chooses. The value itself
 * is shown nowhere.
 *
 * @param choose asks a person; absent where nobody is there: then several findings are `usage.missing_flag`
 */
export async function pickFinding(
  flags: ScannerFlags,
  choose?: (lines: readonly string[]) => Promise<number>,
): Promise<PickedFinding> {
  const found = scannerFindings(await readText(flags['from-scanner'] ?? '-', MAX_FINDINGS_FILE))
  const all = relevant(found.findings)
  const [only] = all
  if (!only) throw nothing(found)
  const lines = all.map((one, index) => `${index + 1}. ${describe(one)}`)
  const wanted = flags.finding ?? (all.length === 1 ? 1 : undefined) ?? (await choose?.(lines))
  if (wanted === undefined) {
    throw new StanchError('usage.missing_flag', `The scanner found ${all.length} different values; one incident is about one.`, {
      hint: `Name one with --finding N: ${lines.slice(0, 20).join(' | ')}${lines.length > 20 ? ' | ...' : ''}`,
    })
  }
  const picked = all[wanted - 1]
  if (!picked) throw new StanchError('usage.invalid', `There is no finding ${wanted}: the file has ${all.length}.`)
  return {
    value: new Secret(picked.value),
    ...(picked.client_id === undefined ? {} : {client_id: picked.client_id}),
    ...(picked.tenant === undefined ? {} : {tenant: picked.tenant}),
    said: `${found.scanner}: ${printable(picked.detector, 60)} at ${picked.places.map((place) => printable(place, 120)).join(', ')}`,
  }
}

/** Asks a person which one, on standard error. */
export async function chooseFinding(lines: readonly string[]): Promise<number> {
  const {prompterFor} = await import('../terminal/prompter.ts')
  for (const line of lines) process.stderr.write(`${line}\n`)
  const terminal = {input: process.stdin, output: process.stderr, env: process.env}
  const answer = await prompterFor(terminal).line(`Which one leaked (1 to ${lines.length})?`, (text) =>
    /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= lines.length
      ? undefined
      : `A number from 1 to ${lines.length}.`,
  )
  return Number(answer)
}

/** What may be Auth0's, by its own form or by the scanner's word; where nothing may, all of it. */
function relevant(findings: readonly ScannerFinding[]): ScannerFinding[] {
  const ours = findings.filter((one) => /auth0/i.test(one.detector) || inspectText(one.value).kind !== 'unknown')
  return ours.length > 0 ? ours : [...findings]
}

function describe(one: ScannerFinding): string {
  const seen = inspectText(one.value)
  const client = one.client_id ?? seen.client_id
  const more = one.places.length > 1 ? ` and ${one.places.length - 1} more place(s)` : ''
  return `${printable(seen.what, 80)} (${printable(one.detector, 40)}), ${printable(one.places[0] ?? 'nowhere named', 100)}${more}${client === undefined ? '' : `, client ${printable(client, 64)}`}`
}

function nothing({without_value, scanner}: ScannerFindings): StanchError {
  if (without_value === 0) return new StanchError('input.invalid', 'The scanner found nothing: the file holds no finding.')
  const hint =
    scanner === 'ggshield'
      ? 'ggshield masks the values; scan again with --show-secrets, or open the place and paste the value.'
      : 'Open the place it names and paste the value: stanch token inspect.'
  return new StanchError('input.invalid', `The file names ${without_value} finding(s) and holds the value of none.`, {hint})
}
