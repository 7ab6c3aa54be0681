import {isCode} from '../errors.ts'

/** Most records that are written and synced together. */
const MAX_GROUP = 256
/** These refuse one record and leave the log as it was: the others of its group may still be written. */
const OF_ONE_RECORD = ['E_SCHEMA', 'E_TOO_LONG', 'E_SECRET'] as const

interface Waiting<D, A> {
  readonly draft: D
  readonly resolve: (appended: A) => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets many callers of one process share a write and a sync. Each is told after the sync; a record that is refused
 * fails for its own caller only, an error of the disk fails for all.
 */
export class GroupCommit<D, A> {
  readonly #commit: (drafts: readonly D[]) => readonly A[]
  #waiting: Waiting<D, A>[] = []
  #scheduled = false

  constructor(commit: (drafts: readonly D[]) => readonly A[]) {
    this.#commit = commit
  }

  add(draft: D): Promise<A> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({draft, resolve, reject})
      if (this.#scheduled) return
      this.#scheduled = true
      // Whoever else comes during this turn of the event loop goes along.
      setImmediate(() => {
        this.#scheduled = false
        this.flush()
      })
    })
  }

  /** Writes what waits. */
  flush(): void {
    while (this.#waiting.length > 0) this.#write(this.#waiting.splice(0, MAX_GROUP))
  }

  #write(group: readonly Waiting<D, A>[]): void {
    let appended: readonly A[]
    try {
      appended = this.#commit(group.map(({draft}) => draft))
    } catch (error) {
      if (group.length > 1 && OF_ONE_RECORD.some((code) => isCode(error, code))) for (const one of group) this.#write([one])
      else for (const {reject} of group) reject(error)
      return
    }
    for (const [i, {resolve}] of group.entries()) resolve(appended[i]!)
  }
}
