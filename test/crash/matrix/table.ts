import {MORE, SECTIONS} from './cell.ts'
import type {Cell, Section} from './cell.ts'
import {diskErrors} from './sections/disk.ts'
import {httpFaults} from './sections/http.ts'
import {guidedRoad} from './sections/guided.ts'
import {hangUps} from './sections/hang-up.ts'
import {killedOnTheWire, killedWhileWriting} from './sections/kill.ts'
import {aroundTheConfirmation, managementToken, withoutReadingSecrets} from './sections/more.ts'
import {powerLoss} from './sections/power-loss.ts'
import {realMachine} from './sections/real.ts'
import {terminals} from './sections/terminal.ts'
import {wrongClocks} from './sections/time.ts'
import {twoResponders} from './sections/two.ts'
import {movingWorld} from './sections/world.ts'

/** Every cell of the main flow, by section and in the plan's order. */
export const TABLE: readonly Cell[] = [
  ...killedOnTheWire,
  ...killedWhileWriting,
  ...powerLoss,
  ...diskErrors,
  ...httpFaults(),
  ...movingWorld,
  ...wrongClocks,
  ...terminals,
  ...twoResponders,
]

/** Cells beside the plan's count: other roads, another kind of leak, the real machine. */
export const BESIDE: readonly Cell[] = [
  ...managementToken,
  ...guidedRoad,
  ...hangUps,
  ...withoutReadingSecrets,
  ...aroundTheConfirmation,
  ...realMachine,
]

/** What the plan counts. */
export const PLANNED = Object.values(SECTIONS).reduce((sum, count) => sum + count, 0)

/** Sections that have fewer cells than planned, or ids that are not unique; nothing when the table is whole. */
export function shortfalls(table: readonly Cell[] = [...TABLE, ...BESIDE]): string[] {
  const found: string[] = []
  for (const [section, planned] of Object.entries({...SECTIONS, ...MORE}) as [Section, number][]) {
    const count = table.filter((cell) => cell.section === section).length
    if (count < planned) found.push(`section ${section} has ${count} cells, ${planned} are planned`)
  }
  if (new Set(table.map((cell) => cell.id)).size !== table.length) found.push('two cells have one id')
  return found
}
