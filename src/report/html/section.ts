import type {Html} from './markup.ts'

/** A part of the page: its anchor, its title, what is in it, and in which views it is. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: Html
  /** Absent: in all views. */
  readonly views?: string
}

/** The views of what a partner does not get. */
export const ALL_BUT_PARTNER = 'war-room auditor'
