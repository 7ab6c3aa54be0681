import {displayWidth} from '../report/width.ts'

/** A terminal that is written to: a stream of Node or a stand-in. */
interface Written {
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Rows that were written to a terminal since somebody answered there: the next question shares the screen with them. */
export interface Page {
  readonly rows: number
  /** What comes next stands for itself: an answer was given, or acts are reported. */
  begin(): void
}

const pages = new WeakMap<object, Page>()

// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[^[])/g

/** The page of a terminal. From the first call on whatever is written there is counted, whoever writes it. */
export function pageOf(output: Written): Page {
  const known = pages.get(output)
  if (known) return known
  let rows = 0
  let open = ''
  const write = output.write.bind(output) as (...all: unknown[]) => unknown
  output.write = (text: unknown, ...rest: unknown[]) => {
    const [last = '', ...whole] = (open + String(text)).split('\n').toReversed()
    for (const line of whole) rows += Math.max(1, Math.ceil(displayWidth(shown(line)) / (output.columns ?? 80)))
    open = shown(last)
    return write(text, ...rest)
  }
  const page = {
    get rows() {
      return rows
    },
    begin: () => {
      rows = 0
    },
  }
  pages.set(output, page)
  return page
}

/** What stays of a line: a line that is written over leaves its last text. */
function shown(line: string): string {
  return line.replace(ESCAPES, '').replace(/\r+$/, '').split('\r').at(-1) ?? ''
}
