/** A question that auditors ask, and what the trail says. */
export interface Answered {
  /** Stable name. */
  readonly id: string
  readonly question: string
  /** Markdown paragraphs; foreign text in them is code already. Each that does not know begins with `not known, because`. */
  readonly answer: readonly string[]
  /** Records that the answer rests on. */
  readonly records: readonly number[]
}

/** The words of every answer that cannot be given. */
export function unknown(because: string): string {
  return `not known, because ${because}`
}
