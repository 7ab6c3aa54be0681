import {humanDuration} from '../clock.ts'
import {printable} from '../untrusted.ts'

/** What is known of the connected tenant; without it the answers speak of Auth0's defaults. */
export interface FaqFacts {
  /** Host of the tenant. */
  readonly domain: string
  /** One entry for each API whose settings could be read; `token_lifetime` in seconds, absent where it is hidden. */
  readonly lifetimes: readonly {readonly audience: string; readonly name?: string; readonly token_lifetime?: number}[]
}

export interface FaqEntry {
  /** Stable name: `stanch faq revoke-token`. */
  readonly id: string
  readonly question: string
  /** Printable lines of at most 78 columns; an empty line parts paragraphs. */
  readonly answer: readonly string[]
  /** What to run; the first acts. */
  readonly commands: readonly string[]
  /** Titles of the pages of Auth0's documentation that the answer rests on. */
  readonly sources: readonly string[]
}

const WIDTH = 78
const ABOUT = 'Management API Access Tokens'
const TESTING = 'Get Management API Access Tokens for Testing'
const PRODUCTION = 'Get Management API Access Tokens for Production'
const SPA = 'Get Management API Access Tokens for Single-Page Applications'
const LIFETIME = 'Update Access Token Lifetime'
const REVOKE = 'Revoke Access to APIs Using Application Grants'
const FAQ = 'Management API Access Token FAQs (older page, now part of "Management API Access Tokens")'

/**
 * Answers to the questions of Auth0's pages on Management API tokens, for this tenant where facts are given.
 * Where old pages say otherwise than Auth0 does today, the answer says both.
 */
export function answerFaq(facts?: FaqFacts): FaqEntry[] {
  const domain = facts ? printable(facts.domain, 50) : 'YOUR_DOMAIN'
  return [
    entry(
      'token-lifetime',
      'How long is a token valid?',
      [ABOUT, LIFETIME, TESTING],
      ['stanch token inspect', 'stanch exposure --client CLIENT_ID'],
      [
        'A Management API token is valid for 24 hours (86,400 s) unless somebody changed that. What counts is the "exp" inside the token: it is fixed when the token is issued, and no later change of a setting moves it.',
        'A token copied from the API Explorer lives as long as was typed there, up to 30 days. A user token from the implicit flow lives 2 hours (7,200 s) by default.',
        ...ownLifetimes(facts),
      ],
    ),
    entry(
      'why-expire',
      'Why do tokens expire now?',
      ['Changes in Auth0 Management APIv2 Tokens', FAQ],
      ['stanch token inspect'],
      [
        'Because nobody can take an issued token back. One that never expires is lost for ever once it leaks; one that lives a day gives an attacker a day.',
        'Tokens of the very old kind had no expiry and were signed with the global client secret in the browser. If "stanch token inspect" shows one (HS256, no "exp"), treat the global client secret as leaked: rotate the client "All Applications". Whether Auth0 still accepts such tokens could not be verified.',
      ],
    ),
    entry(
      'change-lifetime',
      'Can I change how long a token is valid?',
      [LIFETIME, ABOUT, FAQ],
      ['stanch exposure --client CLIENT_ID'],
      [
        'Yes, today: for each API, the Management API included, from 0 to 2,592,000 s (30 days). Dashboard: Applications > APIs > the API > Settings > Access Token Expiration. Older pages say that it cannot be changed; they are out of date.',
        'For one test token: API Explorer tab, "Token Expiration (Seconds)", then "Update & Regenerate Token". Whether that also changes the setting of the API is not documented: read it back.',
        'It changes tokens issued from then on. It shortens no token that is out already, so it is no way to contain a leak.',
        ...ownLifetimes(facts),
      ],
    ),
    entry(
      'refresh-token',
      'Can I refresh a Management API token?',
      [ABOUT, PRODUCTION],
      [`stanch token get --audience https://${domain}/api/v2/`],
      [
        'No. A token by client credentials comes without a refresh token. Ask for a new one when the old one is about to expire; a program does that by itself.',
      ],
    ),
    entry(
      'revoke-token',
      'Can I revoke a compromised token?',
      [ABOUT, REVOKE, FAQ],
      ['stanch respond --leak management-token', 'stanch token inspect', 'stanch exposure --client CLIENT_ID'],
      [
        'No. Auth0 revokes no access token; it lives until its "exp". Refresh tokens, sessions and keys can be revoked, access tokens cannot.',
        'What you can do at once: delete the client grant, so that the application gets no further token for that API. Dashboard: Applications > APIs > the API > Machine To Machine Applications (or Application Access), switch it off. An application has one grant for each API and subject type, so look at all of them.',
        'If the token may read or change client secrets or grants (read:client_keys, read:client_credentials, update:client_keys, create:client_grants, update:client_grants), its holder can undo that while it lives: rotate the secret too, and once more after the all clear.',
        'Deleting the application or revoking the signing key is not documented to end Management API tokens. On Enterprise plans a Tenant Access Control List can limit from which networks they are used.',
        ...ownLifetimes(facts),
      ],
    ),
    entry(
      'client-secret',
      'What if the client secret was compromised?',
      [ABOUT, 'Rotate Client Secrets', FAQ],
      ['stanch respond --leak client-secret --client CLIENT_ID', 'stanch secret rotate --client CLIENT_ID --deliver file:PATH'],
      [
        'Rotate it. The old secret is refused after up to 30 seconds, the new one must be given to every user of the application. Dashboard: Applications > the application > Settings > Danger Zone > Rotate.',
        'Tokens that were issued with the old secret live until their "exp": rotating stops new ones only. Deleting the client grants first stops new ones for these APIs without waiting for the old secret to die; how long that takes is not documented, so prove it by token requests.',
        'An application that authenticates with a private key has no secret to rotate; its key is replaced: "stanch runbook show private-key".',
      ],
    ),
    entry(
      'machine-client',
      'How do I make and authorise a machine client of its own?',
      ['Create Machine-to-Machine Applications for Testing', 'Register Machine-to-Machine Applications', PRODUCTION],
      ['stanch setup', 'stanch doctor'],
      [
        'One application for each job, each with the scopes of that job and no more. Dashboard: Applications > Create Application > Machine to Machine; choose "Auth0 Management API", tick the scopes, Authorize. Later: Applications > APIs > Auth0 Management API > Machine To Machine Applications (or Application Access).',
        'The page of each endpoint lists its scopes; any one of those listed is enough, unless it says "and". The test application that the API Explorer makes has every scope: do not use it for anything else. create:client_grants and update:client_grants let an application widen its own rights: they are as strong as every scope.',
        '"stanch setup" makes such clients with a token that you made by hand.',
      ],
    ),
    entry(
      'token-by-hand',
      'How do I get a token by hand?',
      [TESTING],
      ['stanch token inspect', 'stanch doctor'],
      [
        'Dashboard: Applications > APIs > Auth0 Management API > API Explorer, copy the token. Set a short expiry there first: it cannot be revoked, it holds every scope, and it can be set to live up to 30 days.',
        'Such a token is issued by the application "API Explorer Application" by client credentials; its log entry (seccft) names that application, not the person who copied it. stanch takes it as AUTH0_API_TOKEN, or at its hidden prompt.',
      ],
    ),
    entry(
      'token-production',
      'How do I get a token for production?',
      [PRODUCTION],
      [
        `stanch token get --audience https://${domain}/api/v2/`,
        `stanch token get --audience https://${domain}/api/v2/ --encoding json`,
      ],
      [
        `By program: POST https://${domain}/oauth/token with grant_type=client_credentials, client_id, client_secret and audience=https://${domain}/api/v2/ (with the slash at its end). Both encodings work: application/x-www-form-urlencoded and application/json.`,
        'Keep the token and use it until shortly before "exp" instead of asking for one each time. With a private key (private_key_jwt) send client_assertion and client_assertion_type in place of client_secret.',
        'On a custom domain ask that domain and use the token there; the audience stays the one of the canonical domain.',
      ],
    ),
    entry(
      'token-frontend',
      'How do I get a token from the frontend?',
      [SPA],
      ['stanch token inspect'],
      [
        'As the user who is signed in: an authorisation request (code with PKCE; the old pages show the implicit flow) with the audience of the Management API. A frontend keeps no secret, so it gets no machine token. The token acts on that user alone and may have these scopes:',
        '- read:current_user\n- update:current_user_identities\n- update:current_user_metadata, create:current_user_metadata\n- create:current_user_device_credentials\n- delete:current_user_device_credentials',
        'The specification also knows delete:current_user. delete:current_user_metadata stands on older pages and no longer opens an endpoint: removing an MFA factor now wants update:users. A password cannot be changed with such a token. Auth0 advises against handing out scopes that let users change their metadata.',
      ],
    ),
    entry(
      'use-token',
      'How do I use a token?',
      [PRODUCTION, 'Use Access Tokens'],
      ['stanch client list', 'stanch token inspect'],
      [
        `In the header "Authorization: Bearer TOKEN" of a request to https://${domain}/api/v2/. To list the applications: GET https://${domain}/api/v2/clients with read:clients. The scopes decide which members of an answer you see; a missing client_secret means a missing scope, not a missing secret.`,
        'Never put a token on a command line or into a URL: both are seen and kept by others. With curl: -H @FILE, the file holding the header line.',
      ],
    ),
  ]
}

function entry(
  id: string,
  question: string,
  sources: readonly string[],
  commands: readonly string[],
  paragraphs: readonly string[],
): FaqEntry {
  return {
    id,
    question,
    sources,
    commands,
    answer: paragraphs.flatMap((text, index) => [...(index === 0 ? [] : ['']), ...wrapped(text)]),
  }
}

/** The lifetimes that hold on the connected tenant. APIs whose lifetime is hidden are said to be unknown, not 24 hours. */
function ownLifetimes(facts: FaqFacts | undefined): string[] {
  if (!facts) return []
  if (facts.lifetimes.length === 0)
    return [`On ${printable(facts.domain, 50)} no lifetime could be read (read:resource_servers): count on up to 30 days.`]
  const lines = facts.lifetimes.map(({audience, name, token_lifetime}) => {
    const life =
      token_lifetime === undefined ? 'not readable: up to 30 d' : `${token_lifetime} s (${humanDuration(token_lifetime)})`
    return `- ${printable(name ?? audience, 45)}: ${life}`
  })
  return [`On ${printable(facts.domain, 50)} today:\n${lines.join('\n')}`]
}

/** Lines of at most 78 columns, broken at blanks; a word that is longer stands cut on a line of its own. */
function wrapped(text: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const indent = paragraph.startsWith('- ') ? '  ' : ''
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ').map((one) => printable(one, WIDTH - 2))) {
      if (line !== '' && line.length + 1 + word.length > WIDTH) {
        lines.push(line)
        line = indent + word
      } else {
        line = line === '' ? word : `${line} ${word}`
      }
    }
    return [...lines, line]
  })
}
