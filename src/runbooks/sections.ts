import type {RunbookProblem} from './runbook.ts'

export interface Section {
  /** Step id from the heading `## step-id: title`. */
  readonly id: string
  readonly title: string
  /** Line of the heading in the file, from 1. */
  readonly line: number
  readonly body: string
}

/**
 * The second-level sections of the page below the front matter. Headings inside fenced code are code: shell comments
 * begin with `#` too.
 *
 * @param firstLine line of the file on which `lines[0]` stands, from 1
 */
export function readSections(lines: readonly string[], firstLine: number): {sections: Section[]; problems: RunbookProblem[]} {
  const problems: RunbookProblem[] = []
  const found: {id: string; title: string; line: number; body: string[]}[] = []
  let fence: {mark: string; line: number} | undefined
  for (const [index, text] of lines.entries()) {
    const line = firstLine + index
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(text)
    if (fence) {
      if (mark?.[1]?.startsWith(fence.mark) && mark[2]?.trim() === '') fence = undefined
    } else if (mark?.[1]) {
      fence = {mark: mark[1], line}
    } else if (/^##(?!#)/.test(text)) {
      const heading = /^## ([a-z][a-z0-9-]*): (\S.*)$/.exec(text)
      if (heading) found.push({id: heading[1] ?? '', title: heading[2] ?? '', line, body: []})
      else problems.push({line, message: 'A second-level heading must read "## step-id: title". Use "###" inside a section.'})
      continue
    }
    found.at(-1)?.body.push(text)
  }
  if (fence) problems.push({line: fence.line, message: 'This code block is never closed.'})
  return {sections: found.map((section) => ({...section, body: section.body.join('\n').trim()})), problems}
}
