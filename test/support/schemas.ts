import {readdirSync, readFileSync} from 'node:fs'

import {Ajv2020} from 'ajv/dist/2020.js'

import {ROOT} from './tree.ts'

const FOLDER = `${ROOT}test/contracts/schemas/`

/** Schema of each command's JSON document. */
export const SCHEMA_OF: Readonly<Record<string, string>> = {
  assess: 'assess',
  'audit:key:rotate': 'audit-key',
  'audit:key:show': 'audit-key',
  'audit:export': 'audit-export',
  'audit:anchor': 'audit-anchor',
  'audit:reconcile': 'audit-reconcile',
  'audit:show': 'audit-show',
  'audit:verify': 'audit-verify',
  'audit:witness:add': 'audit-witness-add',
  'audit:witness:request': 'audit-witness-request',
  'audit:witness:sign': 'audit-witness-sign',
  bundle: 'bundle',
  'client:list': 'client-list',
  'client:show': 'client-show',
  completion: 'completion',
  doctor: 'doctor',
  drill: 'drill',
  execute: 'incident-result',
  exposure: 'exposure',
  faq: 'faq',
  'grant:delete': 'incident-result',
  'grant:list': 'grant-list',
  'grant:restore': 'incident-result',
  hunt: 'hunt',
  'incident:approve': 'incident-approve',
  'incident:close': 'incident-close',
  'incident:list': 'incident-list',
  'incident:note': 'incident-note',
  'incident:show': 'incident-show',
  'incident:update': 'incident-note',
  plan: 'plan',
  'profile:add': 'profile',
  'profile:list': 'profile-list',
  'profile:remove': 'profile-remove',
  'profile:show': 'profile',
  report: 'report',
  respond: 'incident-result',
  resume: 'incident-result',
  'runbook:lint': 'runbook-lint',
  'runbook:list': 'runbook-list',
  'runbook:show': 'runbook-show',
  'secret:deliver': 'secret-deliver',
  'secret:open': 'secret-open',
  'secret:rotate': 'incident-result',
  'secret:verify': 'secret-verify',
  setup: 'setup',
  'simulator:start': 'simulator-start',
  'token:get': 'token-get',
  'token:inspect': 'token-inspect',
  // a stream: each line is one
  watch: 'watch',
}

/** Names of the schemas of whole documents. */
export const DOCUMENTS: readonly string[] = readdirSync(FOLDER)
  .map((file) => file.replace('.schema.json', ''))
  .filter((name) => name !== 'common')

const ajv = new Ajv2020({allErrors: true, strict: true, strictRequired: false, strictTypes: false})
ajv.addSchema(schema('common'))
for (const name of DOCUMENTS) ajv.addSchema(schema(name))

/** What is wrong with a document, as lines; empty when nothing is. */
export function problemsOf(name: string, document: unknown): string[] {
  const validate = ajv.getSchema(`${name}.schema.json`)
  if (!validate) return [`there is no schema ${name}`]
  return validate(document) === true
    ? []
    : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ''} ${JSON.stringify(one.params)}`)
}

function schema(name: string): object {
  return JSON.parse(readFileSync(`${FOLDER}${name}.schema.json`, 'utf8')) as object
}
