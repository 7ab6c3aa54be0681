import type {SliceFiles} from '../trail/format/slice.ts'
import {safeJson} from '../untrusted.ts'

/** The three files of a slice as their lines: a text of them is the lines with a line end between each two. */
export interface PageData {
  readonly records: readonly string[]
  readonly proofs: readonly string[]
  readonly checkpoint: readonly string[]
}

/**
 * `page/data.js`: what the evidence page checks, one line of the files a line. A page from the disk can read no files by
 * itself, so they stand here once more; the page reads the files themselves when somebody gives it the folder.
 */
export function pageDataScript(slice: SliceFiles): string {
  const lines = (text: string) =>
    text
      .split('\n')
      .map((line) => safeJson(line))
      .join(',\n')
  return `// Data only: slice.jsonl, slice.proof and checkpoint of this bundle, line by line. What runs is evidence.js beside this file.
var STANCH_DATA = {
"records": [
${lines(slice.records)}
],
"proofs": [
${lines(slice.proofs)}
],
"checkpoint": [
${lines(slice.checkpoint)}
]
}
`
}
