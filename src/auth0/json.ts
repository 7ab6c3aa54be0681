export type ParsedJson = {readonly value: unknown} | {readonly problem: string}

const MAX_DEPTH = 64

/**
 * JSON from somebody else's server. Problems are told by kind and position: the text itself may be a secret, and
 * JSON.parse's own messages quote it. Duplicate members are refused, because two readers could each believe another one.
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  let text: string
  try {
    text = new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    return {problem: `${bytes.length} bytes that are not UTF-8`}
  }
  const problem = structureProblem(text)
  if (problem !== undefined) return {problem}
  try {
    return {value: JSON.parse(text) as unknown}
  } catch {
    return {problem: `${bytes.length} bytes that are not JSON`}
  }
}

/** Nesting and duplicate members, in one pass. What is no JSON at all is left for JSON.parse to refuse. */
function structureProblem(text: string): string | undefined {
  // One entry per open bracket: the members seen so far, or undefined for an array.
  const open: (Set<string> | undefined)[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : undefined)
      if (open.length > MAX_DEPTH) return `JSON nested deeper than ${MAX_DEPTH}`
    } else if (char === '}' || char === ']') {
      open.pop()
    } else if (char === '"') {
      const end = stringEnd(text, i)
      if (end < 0) return undefined
      const members = open.at(-1)
      if (members && followedByColon(text, end + 1)) {
        const name = memberName(text.slice(i, end + 1))
        if (members.has(name)) return 'JSON with a member given twice'
        members.add(name)
      }
      i = end
    }
  }
  return undefined
}

function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i
  }
  return -1
}

function followedByColon(text: string, from: number): boolean {
  let i = from
  while (text[i] === ' ' || text[i] === '\t' || text[i] === '\n' || text[i] === '\r') i++
  return text[i] === ':'
}

function memberName(quotedName: string): string {
  try {
    return JSON.parse(quotedName) as string
  } catch {
    return quotedName
  }
}
