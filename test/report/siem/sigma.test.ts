import {deepEqual, equal, match, ok} from 'node:assert/strict'
import {describe, test} from 'node:test'

import {parseAllDocuments} from 'yaml'

import {HUNTS} from '../../../src/incident/hunt/catalogue.ts'
import {sigmaOf} from '../../../src/report/siem/sigma.ts'

type Rule = Record<string, any>

/** Required of a rule: title, logsource, detection with a condition. Of a correlation: title, correlation. Sigma 2.0.0. */
function problems(rule: Rule): string[] {
  const found: string[] = []
  const say = (problem: string) => found.push(`${rule['name'] ?? rule['title']}: ${problem}`)
  if (typeof rule['title'] !== 'string' || rule['title'].length === 0 || rule['title'].length > 256) say('title')
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(rule['id'])) say('id')
  if (!['stable', 'test', 'experimental', 'deprecated', 'unsupported'].includes(rule['status'])) say('status')
  if (!['informational', 'low', 'medium', 'high', 'critical'].includes(rule['level'])) say('level')
  if (rule['correlation'] !== undefined) return [...found, ...correlationProblems(rule['correlation'])]
  if (typeof rule['logsource']?.product !== 'string') say('logsource')
  const {condition, ...selections} = (rule['detection'] ?? {}) as Rule
  if (typeof condition !== 'string') say('condition')
  const words = String(condition)
    .split(/[\s()]+/)
    .filter((word) => word !== '' && !['and', 'or', 'not'].includes(word))
  deepEqual(
    [...new Set(words)].sort(),
    Object.keys(selections).sort(),
    `${rule['name']}: every selection is used, and none is missing`,
  )
  let depth = 0
  for (const char of String(condition)) {
    if (char === '(') depth++
    if (char === ')') depth--
    if (depth < 0) say('parentheses')
  }
  if (depth !== 0) say('parentheses')
  for (const selection of Object.values(selections) as Rule[]) {
    for (const [field, value] of Object.entries(selection)) {
      const [name, modifier] = field.split('|')
      if (!/^data\.[\w.-]+$/.test(name ?? '')) say(`field ${field}`)
      if (modifier !== undefined && !['startswith', 'contains', 're', 'exists', 'expand'].includes(modifier))
        say(`modifier ${field}`)
      if (modifier === 're') new RegExp(value as string)
      if (modifier === 'expand' && !/^%\w+%$/.test(value as string)) say(`placeholder ${String(value)}`)
      if (value === null || (Array.isArray(value) && value.length === 0)) say(`value of ${field}`)
    }
  }
  return found
}

function correlationProblems(correlation: Rule): string[] {
  const ok =
    ['event_count', 'value_count'].includes(correlation['type']) &&
    Array.isArray(correlation['rules']) &&
    Array.isArray(correlation['group-by']) &&
    /^\d+[smhd]$/.test(correlation['timespan']) &&
    typeof correlation['condition']?.gte === 'number' &&
    (correlation['type'] === 'event_count') === (correlation['condition']?.field === undefined)
  return ok ? [] : [`correlation of ${String(correlation['rules'])}`]
}

function rulesOf(text: string): Rule[] {
  return parseAllDocuments(text).map((one) => {
    deepEqual(one.errors, [])
    return one.toJS() as Rule
  })
}

describe('hunts as Sigma rules', () => {
  test('every hunt is valid YAML with what the specification asks for, each title, name and id once', () => {
    const rules = HUNTS.flatMap((hunt) => rulesOf(sigmaOf(hunt)))
    ok(rules.length >= 31)
    deepEqual(rules.flatMap(problems), [])
    for (const member of ['id', 'title']) equal(new Set(rules.map((rule) => rule[member])).size, rules.length, member)
    for (const rule of rules.filter((one) => one['correlation'])) {
      for (const name of rule['correlation'].rules)
        ok(
          rules.some((one) => one['name'] === name),
          name,
        )
    }
  })

  test('the same hunt has the same ids each time, and what an incident knows stands in the rule', () => {
    const [first] = HUNTS
    ok(first)
    equal(sigmaOf(first), sigmaOf(first))
    match(sigmaOf(first), /data\.client_id\|expand": "%compromised_clients%"/)
    const known = sigmaOf(first, {compromised_clients: new Set(['A1b2', "x'\n- injected: true"])})
    const [rule] = rulesOf(known)
    ok(Object.values(rule?.['detection'] as Rule).some((one) => one['data.client_id']?.includes("x'\n- injected: true")))
    equal(rule?.['injected'], undefined)
  })

  test('what Sigma cannot say is said in the description', () => {
    const texts = HUNTS.map((hunt) => sigmaOf(hunt)).join('\n')
    match(texts, /Deploy it once containment is proven/)
    match(texts, /Sigma cannot count the values/)
  })
})
