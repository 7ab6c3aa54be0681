/** A fault by name. `on` is an operation (`client_secret.rotate`), a group (`clients.read`), `write`, `read` or `*`. */
export interface Fault {
  readonly on: string
  /** The how manieth matching request is hit first, from 1. Default 1. */
  readonly nth?: number
  /** How many requests are hit from there on. Default 1. */
  readonly times?: number
  readonly do: 'lose_change_and_answer' | 'lose_answer' | 'slow' | 'cut' | 'garbage' | 'empty' | 'html' | 'status'
  readonly status?: number
  readonly retry_after?: number | string
  /** Whether the request takes effect before the fault. Default: yes for `cut`, `slow` and `lose_answer`, else no. */
  readonly after_effect?: boolean
  /** For `slow`: seconds of real time. Default 1. */
  readonly seconds?: number
}

export const FAULT_KINDS: readonly Fault['do'][] = [
  'lose_change_and_answer',
  'lose_answer',
  'slow',
  'cut',
  'garbage',
  'empty',
  'html',
  'status',
]

export function takesEffect(fault: Fault): boolean {
  return fault.after_effect ?? (fault.do === 'cut' || fault.do === 'slow' || fault.do === 'lose_answer')
}

export class Faults {
  #armed: {fault: Fault; seen: number}[] = []

  add(fault: Fault): void {
    this.#armed.push({fault, seen: 0})
  }

  clear(): void {
    this.#armed = []
  }

  /** The fault that hits this request, if any. Every armed fault counts the requests that match it. */
  take(names: readonly string[]): Fault | undefined {
    let hit: Fault | undefined
    for (const armed of this.#armed) {
      if (!names.includes(armed.fault.on)) continue
      armed.seen++
      const nth = armed.fault.nth ?? 1
      if (armed.seen >= nth && armed.seen < nth + (armed.fault.times ?? 1)) hit ??= armed.fault
    }
    return hit
  }
}
