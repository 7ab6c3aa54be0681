import * as Flags from '@oclif/core/flags'

import {parseDuration, parseRfc3339} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {LEAK_KINDS} from '../incident/leak.ts'

const CONNECTION = 'CONNECTION'
const INCIDENT = 'INCIDENT'

/** All commands that talk to a tenant. */
export const connectionFlags = {
  profile: Flags.string({
    summary: 'a stored connection; else AUTH0_DOMAIN and a credential in the environment',
    helpGroup: CONNECTION,
    helpValue: 'NAME',
  }),
  proxy: Flags.string({
    summary: 'go through this HTTP proxy; proxy variables of the environment are not read',
    helpGroup: CONNECTION,
    helpValue: 'URL',
  }),
}

/** An instant with its zone, or the word `unknown`. */
export const instant = Flags.custom<string>({
  parse: async (text) => {
    if (text === 'unknown' || parseRfc3339(text) !== undefined) return text
    throw new StanchError('usage.invalid', 'This must be an RFC 3339 instant such as 2026-11-22T03:00:00Z, or unknown.')
  },
})

/** An instant with its zone, or the word `all`. */
const instantOrAll = Flags.custom<string>({
  parse: async (text) => {
    if (text === 'all' || parseRfc3339(text) !== undefined) return text
    throw new StanchError('usage.invalid', 'This must be an RFC 3339 instant such as 2026-11-22T03:00:00Z, or all.')
  },
})

/** Seconds, from `40s`, `5m`, `1h`. */
const duration = Flags.custom<number>({
  parse: async (text) => {
    const seconds = parseDuration(text)
    if (seconds !== undefined) return seconds
    throw new StanchError('usage.invalid', 'This must be a duration such as 40s, 5m or 1h.')
  },
})

/** All commands that change a tenant. */
export const incidentFlags = {
  incident: Flags.string({summary: 'go on with this incident instead of opening one', helpGroup: INCIDENT, helpValue: 'ID'}),
  reason: Flags.string({summary: 'why; goes into the trail, and is needed unattended', helpGroup: INCIDENT, helpValue: 'TEXT'}),
  ticket: Flags.string({summary: 'reference of the ticket', helpGroup: INCIDENT, helpValue: 'REF'}),
  'aware-at': instant({summary: 'when we knew: RFC 3339, or unknown', helpGroup: INCIDENT, helpValue: 'WHEN'}),
  'leaked-at': instant({summary: 'when it leaked: RFC 3339, or unknown', helpGroup: INCIDENT, helpValue: 'WHEN'}),
  since: instantOrAll({
    summary: 'save the tenant log from then on: RFC 3339, or all; by default from the leak on, else all that is kept',
    helpGroup: INCIDENT,
    helpValue: 'WHEN',
  }),
  yes: Flags.boolean({char: 'y', summary: 'answer yes to the plan; nobody is asked', helpGroup: INCIDENT}),
  'dry-run': Flags.boolean({summary: 'show the plan; only reads are sent', helpGroup: INCIDENT}),
  'max-actions': Flags.integer({
    summary: 'most changes that one run may make',
    default: 25,
    min: 1,
    max: 10_000,
    helpGroup: INCIDENT,
    helpValue: 'N',
  }),
  'include-own': Flags.boolean({
    summary: 'also touch the client you are signed in with; you may lose access',
    helpGroup: INCIDENT,
  }),
}

/** What is taken and what is kept. */
export const choiceFlags = {
  'include-user-grants': Flags.boolean({summary: 'delete user-subject grants too', helpGroup: INCIDENT}),
  'keep-grants': Flags.boolean({summary: 'rotate only; grants stay', helpGroup: INCIDENT}),
  'no-rotate': Flags.boolean({summary: 'grants only; the secret stays', helpGroup: INCIDENT}),
}

/** Where a new secret goes. */
export const deliverFlags = {
  deliver: Flags.string({
    summary: 'where the new secret goes: file:PATH, exec:COMMAND, sealed:PATH?to=KEYFILE or prompt',
    helpGroup: INCIDENT,
    helpValue: 'SINK',
  }),
}

/** Who is told. */
export const notifyFlags = {
  notify: Flags.string({
    summary: 'tell somebody: exec:COMMAND, webhook:URL or webhook:env:NAME; JSON, redacted; may be repeated',
    helpGroup: INCIDENT,
    helpValue: 'TARGET',
    multiple: true,
    multipleNonGreedy: true,
  }),
}

/** Where something is proven. */
export const proofFlags = {
  'verify-window': duration({
    summary: 'how long refusals are watched; below 35s nothing can be proven',
    default: 40,
    helpGroup: INCIDENT,
    helpValue: 'DURATION',
  }),
  'credential-file': Flags.string({
    summary: 'the leaked value, for probes: a file, or - for standard input',
    helpGroup: INCIDENT,
    helpValue: 'F|-',
  }),
}

/** Where a scanner's findings may be given instead of a value. */
export const scannerFlags = {
  'from-scanner': Flags.string({
    summary: 'take it from findings of TruffleHog, ggshield or SARIF: a file, or - for standard input',
    helpValue: 'F|-',
    exclusive: ['file', 'credential-file'],
  }),
  finding: Flags.integer({
    summary: 'which finding, from 1, when the file holds several',
    min: 1,
    max: 1000,
    helpValue: 'N',
    dependsOn: ['from-scanner'],
  }),
}

export const leakFlag = Flags.option({options: LEAK_KINDS, summary: 'what leaked', helpGroup: INCIDENT, helpValue: 'KIND'})

export const clientFlag = Flags.string({summary: 'client id of the application', helpValue: 'ID'})
