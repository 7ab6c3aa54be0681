import type {Report, Severity} from './verify-input.ts'

/** More findings than these are counted, not listed. */
const MAX_FINDINGS = 100

export interface Finding {
  readonly severity: Severity
  /** of the record it is about */
  readonly seq?: number
  readonly kind: string
  readonly detail: string
}

/** What a verifier found, in the order in which it came upon it. */
export class Findings {
  readonly #list: Finding[] = []
  readonly #count: Record<Severity, number> = {failed: 0, incomplete: 0, note: 0}
  #firstBad: Finding | undefined

  /** For readers of input that know no record. */
  readonly reporter: Report = (severity, kind, detail) => this.add(severity, kind, detail)

  add(severity: Severity, kind: string, detail: string, seq?: number): void {
    this.#count[severity]++
    const finding = seq === undefined ? {severity, kind, detail} : {severity, seq, kind, detail}
    if (severity === 'failed' && (this.#firstBad === undefined || (seq ?? Infinity) < (this.#firstBad.seq ?? Infinity)))
      this.#firstBad = finding
    if (this.#list.length < MAX_FINDINGS) this.#list.push(finding)
  }

  get failed(): number {
    return this.#count.failed
  }

  get incomplete(): number {
    return this.#count.incomplete
  }

  /** The failed check of the lowest record; one that belongs to no record only when no other failed. */
  get firstBad(): Finding | undefined {
    return this.#firstBad
  }

  list(): readonly Finding[] {
    const left = this.#count.failed + this.#count.incomplete + this.#count.note - this.#list.length
    return left > 0
      ? [...this.#list, {severity: 'note', kind: 'more findings', detail: `${left} more are not listed`}]
      : this.#list
  }
}
