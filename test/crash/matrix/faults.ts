import type {NetworkStep} from './steps.ts'

/** What the preload does in the child; JSON in STANCH_FAULT. */
export interface Injected {
  readonly disk?: DiskFault
  readonly connect?: ConnectFault
  readonly halt?: HaltFault
  readonly time?: TimeFault
}

export interface DiskFault {
  /** Part of the file's path. */
  readonly path: string
  /** Parts that one line of the write holds, all of them; none given: any write. */
  readonly record?: readonly string[]
  /** The how manieth such write, from 1. */
  readonly nth?: number
  /** `before` to `after-sync` kill; `open`, `write` and `sync` fail with `error`; after `exhaust` no file can be opened; `short` takes half and says so. */
  readonly moment:
    | 'before'
    | 'half'
    | 'before-sync'
    | 'after-sync'
    | 'before-rename'
    | 'before-folder-sync'
    | 'open'
    | 'write'
    | 'sync'
    | 'exhaust'
    | 'short'
  readonly error?: string
  /** Everything below it fails from then on. */
  readonly folder?: string
}

/** Connections for requests of a step fail, or lead elsewhere. */
export interface ConnectFault {
  readonly step: NetworkStep
  readonly times?: number
  readonly error?: string
  readonly port?: number
}

/** The process ends at a request: before a byte of it left, or when its answer is there and nobody has looked at it. */
export interface HaltFault {
  readonly step: NetworkStep
  readonly nth?: number
  readonly moment: 'before-send' | 'answered'
}

export interface TimeFault {
  /** The machine's clock is ahead by this. */
  readonly skew_seconds?: number
  /** It jumps by this at the first wait. */
  readonly jump_seconds?: number
  /** Where the child says how long it waited, milliseconds. */
  readonly file?: string
  /** All timers are this much faster. */
  readonly scale?: number
}
