import path from 'node:path'
import * as v from 'valibot'
import {StanchError} from '../errors.ts'
import {hasControl} from '../files/command.ts'
import {fileStat, readIfPresent} from '../files/read.ts'
import {ensureFolder, writeDurably} from '../files/write.ts'
import {looksLikeSecret} from '../secret.ts'
import {printable, quoted} from '../untrusted.ts'
import {parseReference} from './reference.ts'

/** Largest `profiles.json`, in bytes, and most profiles in it. */
const MAX_FILE = 262_144
const MAX_PROFILES = 200

const NAME = /^[a-z0-9-]{1,32}$/

const line = (max: number) =>
  v.pipe(
    v.string('must be text'),
    v.minLength(1, 'must not be empty'),
    v.maxLength(max, `must have at most ${max} characters`),
    v.check((text) => !hasControl(text), 'must be one line'),
    v.check((text) => !looksLikeSecret(text), 'must not be a secret'),
  )

const profileSchema = v.strictObject({
  domain: line(512),
  audience: v.optional(line(512)),
  client_id: v.optional(line(128)),
  client_secret: v.optional(line(4096)),
  auth_method: v.optional(v.picklist(['post', 'basic'], 'must be post or basic')),
  private_key: v.optional(line(4096)),
  signing_alg: v.optional(v.picklist(['RS256', 'RS384', 'PS256'], 'must be RS256, RS384 or PS256')),
  key_id: v.optional(line(256)),
  token: v.optional(line(4096)),
})

const fileSchema = v.strictObject({version: v.literal(1, 'must be 1'), profiles: v.record(v.string(), profileSchema)})

/** A connection with a name. `client_secret`, `private_key` and `token` are references (`env:`, `file:`, `exec:`). */
export type Profile = v.InferOutput<typeof profileSchema>

/** The members that hold a reference; exactly one of them is set. */
export const REFERENCES = ['client_secret', 'private_key', 'token'] as const

/** All profiles by name, sorted. A missing file is no profiles. `config.invalid`, `config.insecure`, `input.too_large`. */
export function listProfiles(file: string): ReadonlyMap<string, Profile> {
  const bytes = readIfPresent(file, MAX_FILE)
  if (bytes === undefined) return new Map()
  const mode = fileStat(file)?.mode ?? 0
  if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
    throw new StanchError('config.insecure', `Others can change ${quoted(file, 200)}, and it says which commands to run.`, {
      hint: 'Check what it says, then chmod 600 it.',
    })
  }
  const content = check(fileSchema, parseJson(bytes.toString('utf8'), file), file)
  const profiles = new Map<string, Profile>()
  for (const name of Object.keys(content.profiles).toSorted()) {
    const profile = content.profiles[name]
    if (profile) profiles.set(profileName(name), complete(name, profile))
  }
  return profiles
}

/** One profile. `config.no_connection` names the ones there are. */
export function showProfile(file: string, name: string): Profile {
  const profiles = listProfiles(file)
  const profile = profiles.get(profileName(name))
  if (profile) return profile
  const known = [...profiles.keys()].join(', ')
  throw new StanchError('config.no_connection', `There is no profile ${name}.`, {
    hint: known ? `There are: ${printable(known)}.` : 'Make one with stanch profile add.',
  })
}

/** Adds a profile and writes the file (0600). An existing name is replaced only with `replace`. Nothing is resolved or run. */
export function addProfile(file: string, name: string, profile: unknown, replace = false): Profile {
  const checked = complete(profileName(name), check(profileSchema, profile, name))
  const profiles = new Map(listProfiles(file))
  if (profiles.has(name) && !replace)
    throw new StanchError('config.invalid', `The profile ${name} exists already.`, {
      hint: 'Remove it first, or say that it is replaced.',
    })
  if (profiles.size >= MAX_PROFILES) throw new StanchError('config.invalid', `There are ${MAX_PROFILES} profiles already.`)
  profiles.set(name, checked)
  write(file, profiles)
  return checked
}

/** Removes a profile. Rejects with `config.no_connection` when there is none of that name. */
export function removeProfile(file: string, name: string): void {
  showProfile(file, name)
  const profiles = new Map(listProfiles(file))
  profiles.delete(name)
  write(file, profiles)
}

function write(file: string, profiles: ReadonlyMap<string, Profile>): void {
  ensureFolder(path.dirname(file))
  const sorted = Object.fromEntries([...profiles].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  writeDurably(file, `${JSON.stringify({version: 1, profiles: sorted}, null, 2)}\n`, 0o600)
}

function profileName(name: string): string {
  if (!NAME.test(name))
    throw new StanchError('config.invalid', `${quoted(name)} is no name for a profile.`, {hint: 'Use 1 to 32 of a-z, 0-9 and -.'})
  return name
}

/** What the schema can't say: one credential, its references well formed, a client id where it needs one. */
function complete(name: string, profile: Profile): Profile {
  const set = REFERENCES.filter((member) => profile[member] !== undefined)
  const [member] = set
  if (set.length !== 1 || member === undefined) {
    throw new StanchError('config.invalid', `The profile ${name} needs exactly one of client_secret, private_key and token.`)
  }
  parseReference(profile[member] ?? '', `${member} of the profile ${name}`)
  if (member !== 'token' && profile.client_id === undefined)
    throw new StanchError('config.invalid', `The profile ${name} needs a client_id.`)
  return profile
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new StanchError('config.invalid', `${quoted(file, 200)} is no JSON.`)
  }
}

/** Names the member and the rule, never the value. */
function check<S extends v.GenericSchema>(schema: S, value: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const at = v.getDotPath(issue) ?? ''
  const why =
    issue.kind === 'schema' && issue.type === 'strict_object'
      ? issue.expected === 'never'
        ? 'is not known'
        : 'is missing'
      : issue.message
  throw new StanchError('config.invalid', `${quoted(where, 200)}: ${printable(at, 80)} ${printable(why, 80)}.`)
}
