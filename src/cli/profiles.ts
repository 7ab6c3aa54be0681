import {parseOrigin} from '../auth0/origin.ts'
import {addProfile, listProfiles, REFERENCES, removeProfile, showProfile} from '../config/profile.ts'
import type {Profile} from '../config/profile.ts'
import {StanchError} from '../errors.ts'
import {looksLikeSecret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import {pathsOf} from './context.ts'
import type {Place} from './context.ts'

/** A profile as commands show it: wire names, references, never a value. */
export interface ShownProfile extends Profile {
  readonly name: string
}

export interface ProfileFlags {
  readonly domain: string
  readonly audience?: string | undefined
  readonly 'client-id'?: string | undefined
  readonly 'secret-ref'?: string | undefined
  readonly 'auth-method'?: string | undefined
  readonly 'private-key-ref'?: string | undefined
  readonly 'signing-alg'?: string | undefined
  readonly 'key-id'?: string | undefined
  readonly 'token-ref'?: string | undefined
  readonly replace: boolean
}

/**
 * Stores a connection. Nothing is resolved, run or sent.
 * @throws usage.secret_in_argv when a value is shaped like a secret; `config.invalid`, `config.insecure`
 */
export function storeProfile(place: Place, name: string, flags: ProfileFlags): ShownProfile {
  const profile = {
    domain: flags.domain,
    audience: flags.audience,
    client_id: flags['client-id'],
    client_secret: flags['secret-ref'],
    auth_method: flags['auth-method'],
    private_key: flags['private-key-ref'],
    signing_alg: flags['signing-alg'],
    key_id: flags['key-id'],
    token: flags['token-ref'],
  }
  for (const [member, value] of [['name', name], ...Object.entries(profile)]) {
    if (value !== undefined && isSecretShaped(value)) throw secretGiven(member ?? '')
  }
  parseOrigin(profile.domain)
  const given = Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined))
  return shown(name, addProfile(pathsOf(place).profiles, name, given, flags.replace))
}

export function storedProfiles(place: Place): ShownProfile[] {
  return [...listProfiles(pathsOf(place).profiles)].map(([name, profile]) => shown(name, profile))
}

/** @throws config.no_connection */
export function storedProfile(place: Place, name: string): ShownProfile {
  return shown(name, showProfile(pathsOf(place).profiles, name))
}

/** @throws config.no_connection */
export function dropProfile(place: Place, name: string): ShownProfile {
  const gone = storedProfile(place, name)
  removeProfile(pathsOf(place).profiles, name)
  return gone
}

export function profileLines(profile: ShownProfile): string[] {
  return Object.entries(profile).map(([member, value]) => `${`${member}:`.padEnd(16)}${printable(String(value), 400)}`)
}

/** `client_secret from env:NAME`, for lists. */
export function credentialOf(profile: ShownProfile): string {
  const member = REFERENCES.find((one) => profile[one] !== undefined)
  return member === undefined ? 'none' : `${member} from ${profile[member]}`
}

function shown(name: string, profile: Profile): ShownProfile {
  return {name, ...profile}
}

/** JWT, PEM, or a word like the client secrets that Auth0 makes (64 characters), also as the word of a command or behind `env:`. */
function isSecretShaped(value: string): boolean {
  return looksLikeSecret(value) || value.split(/[\s=:"',]+/).some((word) => /^[A-Za-z0-9_-]{60,}$/.test(word))
}

function secretGiven(member: string): StanchError {
  return new StanchError('usage.secret_in_argv', `What was given for ${member} looks like a secret. Nothing was stored.`, {
    hint: 'It stands in the process list and in the history of your shell: treat it as leaked and rotate it. A profile holds references: env:NAME, file:/whole/path or exec:COMMAND.',
  })
}
