import type {ChoiceDecision, Decision} from '../execution/responder.ts'
import {displayWidth} from '../report/width.ts'
import {printable} from '../untrusted.ts'
import {fitted, labelled, layOut, rowsOf, textWidth} from './screen.ts'

/** With more choices than this one is searched by typing instead of taken by its number. */
const MOST_NUMBERED = 10

/** How one question stands on a terminal. */
export interface Layout {
  /** What is shown above the question. */
  readonly screen: readonly string[]
  /** Does a blank line part the question from what is above it? */
  readonly parted: boolean
  /** The why, the effect and the undo, where there is room; else `?` shows them. */
  readonly explanation: readonly string[]
  /** Undefined: there are too many, they are searched by typing. */
  readonly choices: readonly string[] | undefined
  /** False: `?` shows the whole screen. */
  readonly whole: boolean
}

export function explanation(decision: Decision): string[] {
  return labelled([
    ['Why', decision.why],
    ['Effect', decision.effect],
    ['Undo', decision.undo],
  ])
}

/** All lines above a question, none left out. */
export function wholeScreen({screen = []}: Pick<Decision, 'screen'>): string[] {
  return screen.flatMap((one) => (typeof one === 'string' ? [one] : one.lines))
}

/**
 * The layout that says most of those that fit into `rows`, the row of the answer and a blank first row included. The blank
 * line above the question goes first, then groups of the screen are folded, then the explanation moves behind `?`, then the
 * details of choices. `below`: rows that a search takes for itself.
 */
export function layQuestion(decision: Decision, rows: number, below: number, columns: number | undefined): Layout {
  const choices = decision.kind === 'choice' ? decision.choices : []
  const explained = explanation(decision)
  const room = rows - 2 - layOut([decision.ask], columns).length
  const where = `?${decision.whole === undefined ? ' shows all' : `, or ${decision.whole}`}`
  const forms =
    choices.length > MOST_NUMBERED
      ? [undefined]
      : [numbered(choices, true, columns), numbered(choices, false, columns), undefined]
  let last: Layout | undefined
  for (const form of forms) {
    for (const shown of [explained, []]) {
      const left = room - (form?.length ?? below) - layOut(shown, columns).length
      for (const [parted, folds] of [
        [true, false],
        [false, false],
        [false, true],
      ] as const) {
        const blank = parted && decision.screen !== undefined
        const {lines, whole} = fitted(decision.screen ?? [], folds ? left : Number.POSITIVE_INFINITY, where, columns)
        last = {screen: lines, parted: blank, explanation: shown, choices: form, whole}
        if (rowsOf(lines, columns) + (blank ? 1 : 0) <= left) return last
      }
    }
    if (choices.length < 3) break
  }
  return last as Layout
}

/** ` 1. label  detail`, the detail below where one row is too short for both. */
function numbered(choices: ChoiceDecision['choices'], detailed: boolean, columns: number | undefined): string[] {
  return choices.flatMap(({label, detail}, index) => {
    const line = `${String(index + 1).padStart(3)}. ${printable(label)}`
    if (!detail || !detailed) return layOut([line], columns)
    const more = printable(detail, 400)
    const both = `${line}  ${more}`
    return displayWidth(both) <= textWidth(columns) ? [both] : layOut([line, `     ${more}`], columns)
  })
}
