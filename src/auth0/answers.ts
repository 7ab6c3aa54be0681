import {StanchError} from '../errors.ts'
import type {Origin} from './origin.ts'
import {rateLimited} from './resend.ts'
import type {Sent} from './sent.ts'

/**
 * The error for an exchange that did not bring what was asked for. Says status, the wire's own error name, type and
 * size of an answer, never its text.
 *
 * @param what the thing asked for: `client A1b2...`, `the log`
 * @param now NumericDate
 */
export function errorOf(sent: Sent, what: string, origin: Origin, now: number): StanchError {
  if (sent.kind === 'not_sent') return sent.error ?? unreachable(origin, sent.cause)
  if (sent.kind === 'in_doubt') return unreachable(origin, sent.cause)
  const {status} = sent
  const support = sent.request_id === undefined ? '' : ` Request id ${sent.request_id}.`
  const said = `${status}${sent.error === undefined ? '' : ` ${sent.error}`}`
  if (status >= 300 && status < 400) {
    return new StanchError('auth0.redirected', `${origin.host} answered with a redirect (${status}), which is not followed.`, {
      hint: 'Use the tenant domain itself. A login page or a proxy in between would answer like this.',
    })
  }
  if (status === 429) return rateLimited(sent.retry_after, sent.date ?? now)
  if (status === 408 || status >= 500) {
    return new StanchError('auth0.unreachable', `${origin.host} could not answer for ${what} (${said}).${support}`, {
      hint: 'Nothing was concluded from it. Run the same command again.',
    })
  }
  if (sent.form === 'other') {
    return new StanchError(
      'auth0.unexpected_answer',
      `${origin.host} answered ${status} for ${what} with ${sent.cause ?? 'something unreadable'}.`,
      {
        hint: 'A login page of a network or a proxy would answer like this. Nothing was concluded from it.',
      },
    )
  }
  if (status >= 200 && status < 300)
    return new StanchError('auth0.unexpected_answer', `${origin.host} answered ${status} for ${what} without a body.`)
  if (status === 401) {
    return new StanchError('auth0.unauthorized', `The tenant does not accept our token (${said}).`, {
      hint: 'A token made by hand may have expired; behind a custom domain, get the token from that same domain.',
    })
  }
  if (status === 403 && (sent.error === 'insufficient_scope' || sent.scopes !== undefined)) {
    const scopes = sent.scopes ?? []
    const any = scopes.length === 0 ? 'a scope' : scopes.length === 1 ? scopes[0] : `one of ${scopes.join(', ')}`
    return new StanchError('auth0.scope_missing', `Our client lacks ${any} for ${what}.`, {
      hint: 'Add it to the client grant of the operator client, then run again.',
    })
  }
  if (status === 404)
    return new StanchError('auth0.not_found', `The tenant has no ${what} (${said}).`, {
      hint: 'See what there is: stanch client list',
    })
  return new StanchError('auth0.refused', `The tenant refused the request for ${what} (${said}).${support}`)
}

function unreachable(origin: Origin, cause: string): StanchError {
  return new StanchError('auth0.unreachable', `No answer from ${origin.host}: ${cause}.`, {
    hint: 'Check the domain and the network, then run again.',
  })
}
