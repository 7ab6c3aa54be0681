import type {Member, Schema} from './request-schemas.ts'
import {apiError, isObject, Refusal, type Wire} from './wire.ts'

/**
 * A body against the members its endpoint takes; the first mistake is answered with 400 in Auth0's words. Checked is
 * the outer level: names, types, values and bounds. What lies deeper is checked by the endpoint that uses it.
 */
export function validBody(body: unknown, schema: Schema): Wire {
  if (!isObject(body)) throw invalidBody("'Expected type object but found type null'")
  const unknown = Object.keys(body).filter((name) => !Object.hasOwn(schema.members, name))
  if (unknown.length > 0) throw invalidBody(`'Additional properties not allowed: ${unknown.join(',')}'`)
  for (const name of schema.required) {
    if (body[name] === undefined) throw invalidBody(`'Missing required property: ${name}'`)
  }
  for (const [name, value] of Object.entries(body)) {
    const member = schema.members[name]
    const wrong = member && mistake(value, member)
    if (wrong) throw invalidBody(`'${wrong}' on property ${name}`)
  }
  return body
}

export function invalidBody(what: string): Refusal {
  return new Refusal(apiError(400, `Payload validation error: ${what}.`, 'invalid_body'))
}

export function invalidQuery(what: string): Refusal {
  return new Refusal(apiError(400, `Query validation error: ${what}.`, 'invalid_query_string'))
}

function mistake(value: unknown, member: Member): string | undefined {
  if (value === null && member.nullable) return undefined
  const found = typeName(value)
  if (found !== member.type) return `Expected type ${member.type} but found type ${found}`
  if (member.values && !member.values.includes(String(value))) return `No enum match for: "${String(value)}"`
  if (typeof value === 'string') return length(value, member)
  if (typeof value === 'number') return size(value, member)
  return undefined
}

function length(value: string, {min, max}: Member): string | undefined {
  if (min !== undefined && value.length < min) return `String is too short (${value.length} chars), minimum ${min}`
  if (max !== undefined && value.length > max) return `String is too long (${value.length} chars), maximum ${max}`
  return undefined
}

function size(value: number, {min, max}: Member): string | undefined {
  if (min !== undefined && value < min) return `Value ${value} is less than minimum ${min}`
  if (max !== undefined && value > max) return `Value ${value} is greater than maximum ${max}`
  return undefined
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}
