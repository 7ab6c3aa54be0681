import type {IncomingHttpHeaders} from 'node:http'
import {StanchError} from '../errors.ts'

/** A JSON object as it goes over the wire. */
export type Wire = Record<string, unknown>

/** Who calls the Management API, from a verified access token. */
export interface Caller {
  readonly client_id: string
  readonly subject: string
  readonly scopes: readonly string[]
  readonly jti?: string | undefined
}

/** One request, read and decoded. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
  readonly ip: string
  readonly correlation_id?: string | undefined
  readonly caller: Caller
}

/** What a request changed: an operation's name and the ids it touched. */
export interface Effect {
  readonly operation: string
  readonly ids: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly effect?: Effect | undefined
  /** Fields of a read that are secrets; such a read is logged as `mgmt_api_read`. */
  readonly secrets?: readonly string[]
}

/** An answer that ends a request early. Thrown inside the simulator and turned into its answer at the router. */
export class Refusal extends StanchError {
  readonly answer: Answer

  constructor(answer: Answer) {
    super('auth0.refused', `The simulated tenant answers ${answer.status}.`)
    this.answer = answer
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  418: "I'm a teapot",
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** A Management API error: `{statusCode, error, message, errorCode?, attributes?}`. */
export function apiError(status: number, message: string, errorCode?: string, more: Wire = {}): Answer {
  return {
    status,
    body: {statusCode: status, error: REASONS[status] ?? 'Error', message, ...(errorCode ? {errorCode} : {}), ...more},
  }
}

/** An OAuth error of the token endpoint, which has another shape. */
export function oauthError(status: number, error: string, error_description: string, more: Wire = {}): Answer {
  return {status, body: {error, error_description, ...more}}
}

export function isObject(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy, so that nobody outside holds a piece of the tenant's state. */
export function copy<T>(value: T): T {
  return structuredClone(value)
}

/** A member as text; `fallback` for what is neither text, number nor boolean. */
export function textOf(value: unknown, fallback = ''): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : fallback
}
