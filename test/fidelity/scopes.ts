import {readFileSync} from 'node:fs'

import {SCOPES} from '../../src/auth0/scopes-data.ts'
import {finish, sharedFolder} from './shared.ts'

/* The project's own table of scopes against the research that it was made from: names, severity and risks, one by one. */

interface Known {
  readonly scope: string
  readonly severity: string
  readonly risk: readonly string[]
}

const known = JSON.parse(readFileSync(`${sharedFolder()}/management-scopes.json`, 'utf8')) as readonly Known[]
let passed = 0
const failed: string[] = []
for (const {scope, severity, risk} of known) {
  const ours = SCOPES[scope]
  if (ours?.[0] === severity && JSON.stringify(ours[1]) === JSON.stringify(risk) && ours[2].trim() !== '') passed++
  else failed.push(scope)
}
for (const scope of Object.keys(SCOPES)) if (!known.some((one) => one.scope === scope)) failed.push(`${scope}: not known there`)
for (const one of failed) process.stdout.write(`FAIL ${one}\n`)
finish('scopes', passed, failed.length)
