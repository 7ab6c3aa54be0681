import {StanchError} from '../errors.ts'
import {hasControl} from '../files/command.ts'
import type {Secret} from '../secret.ts'
import {quoted} from '../untrusted.ts'
import type {Profile} from './profile.ts'
import {describeReference, followReference, parseReference, secretFile, secretOf, type Found} from './reference.ts'

/** How the responder proves who he is. The same shape as the tenant's `Credential`; the composition root passes it on. */
export type OperatorCredential =
  | {readonly kind: 'secret'; readonly client_id: string; readonly secret: Secret; readonly method: 'post' | 'basic'}
  | {
      readonly kind: 'private_key'
      readonly client_id: string
      readonly private_key_pem: Secret
      readonly alg?: 'RS256' | 'RS384' | 'PS256'
      readonly kid?: string
    }
  | {readonly kind: 'token'; readonly token: Secret}

/** What is known of a connection, and where each part came from. */
export interface PartialConnection {
  /** Host or origin as it was written; not yet checked. */
  readonly domain?: string
  readonly audience?: string
  readonly credential?: OperatorCredential
  /** `{domain: 'AUTH0_DOMAIN', credential: 'profile prod, client_secret from env:X'}`. Never a value. */
  readonly from: {readonly domain?: string; readonly audience?: string; readonly credential?: string}
  readonly warnings: readonly string[]
  /** What is still needed, in words; empty when the connection is whole. */
  readonly missing: readonly string[]
}

export interface Connection extends PartialConnection {
  readonly domain: string
  readonly credential: OperatorCredential
}

export interface ConnectionSources {
  readonly env: NodeJS.ProcessEnv
  /** Taken alone when it is given: the environment then adds nothing, so that no two tenants can be mixed up. */
  readonly profile?: {readonly name: string; readonly profile: Profile}
}

/** What the profile or the environment says, as far as it goes. `config.invalid` when it says something wrong. */
export async function readConnection(sources: ConnectionSources): Promise<PartialConnection> {
  return sources.profile ? fromProfile(sources.profile.name, sources.profile.profile, sources.env) : fromEnvironment(sources.env)
}

/** A whole connection, or `config.no_connection` that says what is missing and how to give it. */
export async function resolveConnection(sources: ConnectionSources): Promise<Connection> {
  const found = await readConnection(sources)
  const {domain, credential} = found
  if (domain !== undefined && credential !== undefined) return {...found, domain, credential}
  throw new StanchError('config.no_connection', `No connection to a tenant: ${found.missing.join('; ')}.`, {
    hint: 'Set AUTH0_DOMAIN with AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or with AUTH0_API_TOKEN; or make a profile (stanch profile add) and give --profile.',
  })
}

async function fromProfile(name: string, profile: Profile, env: NodeJS.ProcessEnv): Promise<PartialConnection> {
  const member = profile.token !== undefined ? 'token' : profile.private_key !== undefined ? 'private_key' : 'client_secret'
  const reference = parseReference(profile[member] ?? '', `${member} of the profile ${name}`)
  const found = await followReference(reference, env, `profile ${name}, ${member}`)
  const client_id = profile.client_id ?? ''
  const credential: OperatorCredential =
    member === 'token'
      ? {kind: 'token', token: found.secret}
      : member === 'private_key'
        ? {
            kind: 'private_key',
            client_id,
            private_key_pem: privateKey(found.secret, `profile ${name}, private_key`),
            ...(profile.signing_alg === undefined ? {} : {alg: profile.signing_alg}),
            ...(profile.key_id === undefined ? {} : {kid: profile.key_id}),
          }
        : {kind: 'secret', client_id, secret: found.secret, method: profile.auth_method ?? 'post'}
  const unused = ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_API_TOKEN'].filter((variable) => env[variable])
  return {
    domain: profile.domain,
    ...(profile.audience === undefined ? {} : {audience: profile.audience}),
    credential,
    from: {
      domain: `profile ${name}`,
      ...(profile.audience === undefined ? {} : {audience: `profile ${name}`}),
      credential: `profile ${name}, ${member} from ${describeReference(reference)}`,
    },
    warnings: [
      ...found.warnings,
      ...(unused.length > 0 ? [`The profile ${name} is used; ${unused.join(', ')} of the environment are not.`] : []),
    ],
    missing: [],
  }
}

function fromEnvironment(env: NodeJS.ProcessEnv): PartialConnection {
  const domain = variable(env, 'AUTH0_DOMAIN')
  const audience = variable(env, 'AUTH0_AUDIENCE')
  const {credential, from, warnings, missing} = credentialFromEnvironment(env)
  return {
    ...(domain === undefined ? {} : {domain}),
    ...(audience === undefined ? {} : {audience}),
    ...(credential === undefined ? {} : {credential}),
    from: {
      ...(domain === undefined ? {} : {domain: 'AUTH0_DOMAIN'}),
      ...(audience === undefined ? {} : {audience: 'AUTH0_AUDIENCE'}),
      ...(from === undefined ? {} : {credential: from}),
    },
    warnings,
    missing: [...(domain === undefined ? ['AUTH0_DOMAIN is not set'] : []), ...missing],
  }
}

interface FoundCredential {
  readonly credential?: OperatorCredential
  readonly from?: string
  readonly warnings: readonly string[]
  readonly missing: readonly string[]
}

const CREDENTIAL_VARIABLES = [
  'AUTH0_API_TOKEN',
  'AUTH0_CLIENT_ASSERTION_PRIVATE_KEY',
  'AUTH0_CLIENT_ASSERTION_PRIVATE_KEY_FILE',
  'AUTH0_CLIENT_SECRET',
] as const

/** The first of them that is set counts; the others are named, because a wrong identity is a wrong incident record. */
function credentialFromEnvironment(env: NodeJS.ProcessEnv): FoundCredential {
  const [name, ...others] = CREDENTIAL_VARIABLES.filter((each) => env[each] !== undefined && env[each] !== '')
  if (name === undefined) return {warnings: [], missing: ['no credential is set']}
  const warnings = others.length > 0 ? [`${name} is used; ${others.join(', ')} ${others.length > 1 ? 'are' : 'is'} not.`] : []
  if (name === 'AUTH0_API_TOKEN') {
    return {credential: {kind: 'token', token: secretOf(env[name] ?? '', name)}, from: name, warnings, missing: []}
  }
  const client_id = variable(env, 'AUTH0_CLIENT_ID')
  if (client_id === undefined) return {warnings, missing: [`${name} needs AUTH0_CLIENT_ID beside it`]}
  if (name === 'AUTH0_CLIENT_SECRET') {
    return {
      credential: {kind: 'secret', client_id, secret: secretOf(env[name] ?? '', name), method: 'post'},
      from: `AUTH0_CLIENT_ID and ${name}`,
      warnings,
      missing: [],
    }
  }
  const found: Found = name.endsWith('_FILE')
    ? keyFile(env[name] ?? '', name)
    : {secret: secretOf(env[name] ?? '', name), warnings: []}
  const alg = signingAlg(env)
  return {
    credential: {
      kind: 'private_key',
      client_id,
      private_key_pem: privateKey(found.secret, name),
      ...(alg === undefined ? {} : {alg}),
    },
    from: `AUTH0_CLIENT_ID and ${name}`,
    warnings: [...warnings, ...found.warnings],
    missing: [],
  }
}

function keyFile(file: string, name: string): Found {
  // parsed as a reference, so that a relative path is refused: nothing is read from the current directory
  const reference = parseReference(`file:${file}`, name)
  return secretFile(reference.kind === 'file' ? reference.path : file, name)
}

function privateKey(pem: Secret, what: string): Secret {
  if (!/^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem.reveal()))
    throw new StanchError('config.invalid', `${what} is no private key in PEM form.`)
  return pem
}

function signingAlg(env: NodeJS.ProcessEnv): 'RS256' | 'RS384' | 'PS256' | undefined {
  const alg = variable(env, 'AUTH0_CLIENT_ASSERTION_SIGNING_ALG')
  if (alg === undefined || alg === 'RS256' || alg === 'RS384' || alg === 'PS256') return alg
  throw new StanchError(
    'config.invalid',
    `AUTH0_CLIENT_ASSERTION_SIGNING_ALG is ${quoted(alg, 20)}; RS256, RS384 and PS256 are possible.`,
  )
}

/** A variable that is no secret: one line, at most 512 characters; set to nothing is not set. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]
  if (value === undefined || value === '') return undefined
  if (value.length > 512 || hasControl(value))
    throw new StanchError('config.invalid', `${name} is too long or holds a control character.`)
  return value
}
