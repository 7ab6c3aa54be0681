import type {Hand, Request, Telling} from './telling.ts'

export interface DeedContext {
  readonly telling: Telling
  readonly thief: Hand
  /** Another client of the tenant. */
  readonly victim: string
  readonly victimName: string
  readonly leaked: string
  readonly storefront: string
  readonly jti: string | undefined
  readonly at: number
  /** Whether this address got a token itself, which ties what comes from it together. */
  readonly minted: boolean
}

/** An act of an attacker that leaves a trace: what it is called, and the entries it makes. */
export interface Deed {
  readonly name: string
  /** Needs no token for the Management API, which a third party's application cannot have. */
  readonly outside?: true
  readonly tell: (context: DeedContext) => void
}

export const MINUTE = 60_000

/** A deed of one request. */
export function act(
  name: string,
  method: string,
  path: string | ((context: DeedContext) => string),
  about: (context: DeedContext) => Request = () => ({}),
): Deed {
  return {
    name,
    tell(context) {
      const {telling, thief, at, jti} = context
      telling.request(at, thief, method, typeof path === 'string' ? path : path(context), {jti, deed: name, ...about(context)})
    },
  }
}

/** What an answer says of a thing that was made. */
export const made = (id: string, kind: string, more: Record<string, unknown> = {}): Request => ({
  status: 201,
  response: {id, ...more},
  leaves: {kind, id},
})

/** What ties two acts together is that both came from one address. */
export function settings(telling: Telling, thief: Hand, at: number, jti: string | undefined, deed: string): void {
  telling.request(at, thief, 'patch', '/tenants/settings', {jti, deed, body: {friendly_name: 'Acme'}})
}
