import {StanchError} from '../errors.ts'
import {isClientId} from './pasted.ts'

/** One value that a secret scanner found, in however many places. The value is never for display. */
export interface ScannerFinding {
  readonly value: string
  /** The scanner's name for it, at most 100 characters, foreign text. */
  readonly detector: string
  /** `repository file:line @commit`, foreign text, at most 20. */
  readonly places: readonly string[]
  /** The scanner's own word; stanch proves it by itself. */
  readonly verified?: boolean
  /** A client id that the scanner found beside it. */
  readonly client_id?: string
  /** Host of a tenant that the scanner found beside it. */
  readonly tenant?: string
}

export interface ScannerFindings {
  readonly scanner: 'trufflehog' | 'ggshield' | 'sarif'
  readonly findings: readonly ScannerFinding[]
  /** Findings whose value the file does not hold: masked, or a place only. */
  readonly without_value: number
}

/** Bytes of a findings file. */
export const MAX_FINDINGS_FILE = 8 * 1024 * 1024
const MAX_FINDINGS = 1000
/** Longest value, characters; a private key in PEM has about 3,300. */
const MAX_VALUE = 64 * 1024
const MAX_PLACES = 20

type Members = Readonly<Record<string, unknown>>

/**
 * What TruffleHog (`--json`: one object a line), ggshield (`secret scan --json --show-secrets`) or a scanner that writes
 * SARIF 2.1.0 found. Which one it is, the file says itself. Equal values become one finding.
 *
 * @throws {StanchError} `input.invalid` for anything else, naming the place and never its content; `input.too_large`
 */
export function scannerFindings(text: string): ScannerFindings {
  if (text.length > MAX_FINDINGS_FILE) throw tooMany('The file of findings is larger than 8 MiB.')
  const whole = objectOf(text)
  const read = whole ? readDocument(whole) : readLines(text)
  const merged = new Map<string, ScannerFinding>()
  let without = 0
  for (const one of read.findings) {
    if (one.value === undefined) {
      without++
      continue
    }
    if (one.value.length > MAX_VALUE) throw tooMany('A finding holds more than 64 KiB: no token or key is that long.')
    const before = merged.get(one.value)
    merged.set(one.value, before ? joined(before, one) : clean({...one, value: one.value}))
    if (merged.size > MAX_FINDINGS) throw tooMany(`The file holds more than ${MAX_FINDINGS} different findings.`)
  }
  return {scanner: read.scanner, findings: [...merged.values()], without_value: without}
}

type Raw = Omit<ScannerFinding, 'value'> & {readonly value: string | undefined}
interface Read {
  readonly scanner: ScannerFindings['scanner']
  readonly findings: readonly Raw[]
}

function readDocument(document: Members): Read {
  if (isTruffle(document)) return {scanner: 'trufflehog', findings: [truffle(document)]}
  if (Array.isArray(document['runs'])) return {scanner: 'sarif', findings: sarif(document)}
  if (Array.isArray(document['entities_with_incidents']) || Array.isArray(document['scans']))
    return {scanner: 'ggshield', findings: ggshield(document, 0)}
  if (isLogLine(document)) return {scanner: 'trufflehog', findings: []}
  throw unknown('it is neither of TruffleHog, nor of ggshield, nor SARIF')
}

/** TruffleHog writes a line a finding; its own log lines may stand between them. */
function readLines(text: string): Read {
  const findings: Raw[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const object = objectOf(line)
    if (!object) throw unknown(`line ${index + 1} is no JSON object`)
    if (isLogLine(object)) continue
    if (!isTruffle(object)) throw unknown(`line ${index + 1} is no finding of TruffleHog`)
    findings.push(truffle(object))
  }
  return {scanner: 'trufflehog', findings}
}

function isTruffle(object: Members): boolean {
  return typeof object['DetectorName'] === 'string' && typeof object['Raw'] === 'string' && 'SourceMetadata' in object
}

function isLogLine(object: Members): boolean {
  return typeof object['level'] === 'string' && typeof object['msg'] === 'string' && !('Raw' in object)
}

/** Members as TruffleHog's `pkg/output/json.go` writes them; its Auth0 detectors put the client id or the domain into Redacted. */
function truffle(object: Members): Raw {
  const redacted = textOf(object['Redacted'])
  const data = Object.values(membersOf(membersOf(object['SourceMetadata'])['Data']))[0]
  return {
    value: textOf(object['Raw']),
    detector: String(object['DetectorName']),
    places: [placeOf(membersOf(data))],
    ...(typeof object['Verified'] === 'boolean' && {verified: object['Verified']}),
    ...(redacted !== undefined && isClientId(redacted) && {client_id: redacted}),
    ...(redacted !== undefined && /^[A-Za-z0-9.-]{1,200}\.auth0\.com$/.test(redacted) && {tenant: redacted.toLowerCase()}),
  }
}

function placeOf(data: Members): string {
  const file = textOf(data['file']) ?? textOf(data['link']) ?? textOf(data['key']) ?? 'an unnamed place'
  const line = typeof data['line'] === 'number' && data['line'] > 0 ? `:${data['line']}` : ''
  const commit = textOf(data['commit'])
  return [textOf(data['repository']), `${file}${line}`, commit === undefined ? undefined : `@${commit.slice(0, 12)}`]
    .filter((part) => part !== undefined)
    .join(' ')
}

/** Scans may hold scans: those of a repository hold one for each commit. Without --show-secrets the values are masked. */
function ggshield(document: Members, depth: number): Raw[] {
  if (depth > 8) throw unknown('its scans are nested too deep')
  const entities = listOf(document['entities_with_incidents'], 'entities_with_incidents')
  const scans = listOf(document['scans'], 'scans')
  return [
    ...entities.flatMap((entity) => {
      const file = textOf(membersOf(entity)['filename']) ?? 'an unnamed place'
      return listOf(membersOf(entity)['incidents'], 'incidents').flatMap((incident) => shieldIncident(membersOf(incident), file))
    }),
    ...scans.flatMap((scan) => ggshield(membersOf(scan), depth + 1)),
  ]
}

function shieldIncident(incident: Members, file: string): Raw[] {
  const occurrences = listOf(incident['occurrences'], 'occurrences').map(membersOf)
  const isId = (one: Members) => /client_?id/i.test(textOf(one['type']) ?? '')
  const beside = occurrences
    .filter(isId)
    .map((one) => textOf(one['match']))
    .find((one) => one !== undefined && isClientId(one))
  return occurrences
    .filter((one) => !isId(one))
    .map((one) => {
      const match = textOf(one['match'])
      const line = typeof one['line_start'] === 'number' ? `:${one['line_start']}` : ''
      return {
        value: match === undefined || match.includes('****') ? undefined : match,
        detector: textOf(incident['type']) ?? 'ggshield',
        places: [`${file}${line}`],
        ...(incident['validity'] === 'valid' && {verified: true}),
        ...(beside !== undefined && {client_id: beside}),
      }
    })
}

/** SARIF 2.1.0 has no member for a secret: it stands in the snippet of the region, if the scanner writes one. */
function sarif(document: Members): Raw[] {
  if (document['version'] !== '2.1.0') throw unknown('its SARIF version is not 2.1.0')
  return listOf(document['runs'], 'runs').flatMap((run) =>
    listOf(membersOf(run)['results'], 'results').flatMap((result) => {
      const {ruleId, locations} = membersOf(result)
      const places = listOf(locations, 'locations').map((one) => membersOf(membersOf(one)['physicalLocation']))
      const detector = textOf(ruleId) ?? 'a rule without a name'
      if (places.length === 0) return [{value: undefined, detector, places: []}]
      return places.map((place) => {
        const region = membersOf(place['region'])
        const uri = textOf(membersOf(place['artifactLocation'])['uri']) ?? 'an unnamed place'
        const line = typeof region['startLine'] === 'number' ? `:${region['startLine']}` : ''
        return {value: textOf(membersOf(region['snippet'])['text']), detector, places: [`${uri}${line}`]}
      })
    }),
  )
}

function joined(before: ScannerFinding, one: Raw): ScannerFinding {
  const {value: _, places, detector: __, ...known} = one
  return {...known, ...before, places: [...new Set([...before.places, ...places])].slice(0, MAX_PLACES)}
}

function clean(finding: ScannerFinding): ScannerFinding {
  return {...finding, detector: finding.detector.slice(0, 100), places: finding.places.map((place) => place.slice(0, 300))}
}

function objectOf(text: string): Members | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined
  } catch {
    return undefined
  }
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw unknown(`its ${name} is no list`)
  return value
}

/** Well-formed and not empty. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.toWellFormed() : undefined
}

function unknown(why: string): StanchError {
  return new StanchError('input.invalid', `This is no file of findings: ${why}.`, {
    hint: 'Give the JSON lines of TruffleHog (--json), the JSON of ggshield (secret scan --json --show-secrets) or SARIF 2.1.0.',
  })
}

function tooMany(what: string): StanchError {
  return new StanchError('input.too_large', what, {hint: 'Filter it first: one leaked credential is one incident.'})
}
