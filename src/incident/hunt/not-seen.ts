import type {HuntFacts, HuntResult} from './findings.ts'

export interface NotSeenFacts {
  readonly facts: HuntFacts
  readonly empty: boolean
  readonly crowded_hits: number
  readonly crowded_actors: number
  readonly without_token_ids: boolean
  readonly unsettled: boolean
  /** RFC 3339: the oldest entry at hand. */
  readonly from?: string
}

/** What no log of Auth0 shows, whatever the incident. */
const ALWAYS: HuntResult['not_seen'] = [
  {
    what: 'reads of the Management API that returned no secret',
    why: 'Auth0 logs no such reads: users, clients and settings may have been read without any trace',
  },
  {what: 'use of tokens at your own APIs', why: "the tenant does not see it: look into each API's own log"},
  {
    what: 'changes of administrators made in Auth0 Teams',
    why: 'they stand in the Team activity, not in the tenant log',
  },
  {what: 'requests that were refused', why: 'the Management API logs what succeeded; a 401, 403 or 404 leaves no entry'},
  {
    what: 'an attacker behind an address and tool that were known before the leak',
    why: 'such a one cannot be told from the service by the log',
  },
]

/** What no hunt over the tenant's log can show: first what is so in this incident, then what always is. Never empty. */
export function notSeen({facts, ...seen}: NotSeenFacts): HuntResult['not_seen'] {
  const gaps: {what: string; why: string}[] = []
  if (seen.empty) gaps.push({what: 'everything', why: 'there is no log entry at hand'})
  else if (facts.leaked_at === undefined)
    gaps.push({
      what: 'who was there before the leak',
      why: 'nobody said when it leaked: whoever was there since the log begins is not judged (--leaked-at)',
    })
  else
    gaps.push({
      what: `an attacker who was there before ${facts.leaked_at}`,
      why: 'whoever used the client before it leaked counts as known: if it may have leaked earlier, hunt again with --leaked-at',
    })
  if (facts.leaked_at !== undefined && seen.from !== undefined && seen.from > facts.leaked_at)
    gaps.push({
      what: `what happened before ${seen.from}`,
      why: 'the log at hand begins after the leak: retention is 1 to 30 days by plan',
    })
  if (seen.without_token_ids && !seen.empty)
    gaps.push({
      what: 'which token each act was done with',
      why: 'no act in this log names the id of a token that the log shows: acts were attributed by client, address, agent and time',
    })
  if (seen.crowded_hits > 0)
    gaps.push({what: `${seen.crowded_hits} more hits`, why: 'there were more kinds of hits than are kept apart'})
  if (seen.crowded_actors > 0)
    gaps.push({what: `who was behind ${seen.crowded_actors} entries`, why: 'there were more actors than are kept apart'})
  if (seen.unsettled)
    gaps.push({
      what: 'what a further look would find',
      why: 'the pivot was stopped after its last round and still learned something',
    })
  return [...gaps, ...ALWAYS]
}
