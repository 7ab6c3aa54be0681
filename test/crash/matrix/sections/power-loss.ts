import {existsSync} from 'node:fs'
import path from 'node:path'

import {hasIntent} from '../../../../src/trail/intents.ts'
import type {Cell} from '../cell.ts'
import {environment, isDurable, operations, powerLibrary, powerReturns, shadowOf, TAILS} from '../power.ts'

/** Section C: the power goes before an operation on files; what the disk had not been told to keep is lost in four ways. */

const POINTS = 30

function cellOf(point: number, tail: (typeof TAILS)[number]): Cell {
  const place: {folder?: string} = {}
  const skip = powerLibrary() === undefined ? 'needs Linux and a C compiler' : undefined
  return {
    id: `C.p${String(point + 1).padStart(2, '0')}.${tail}`,
    section: 'C',
    step: `crash point ${point + 1} of ${POINTS}`,
    fault: `power loss, unsynced bytes ${tail}`,
    // The last points may lie behind the end of the run.
    promised: ['KEEP', 'OK'],
    ...(skip === undefined ? {} : {skip}),
    bench: {
      // While the disk is a model the intent must be in what it keeps; afterwards the files are what they are.
      intended: (correlation) => {
        const shadow = `${place.folder ?? ''}-shadow`
        if (place.folder !== undefined && existsSync(shadow)) return isDurable(shadow, correlation)
        return place.folder !== undefined && hasIntent(path.join(place.folder, 'data', 'trail-sim'), correlation)
      },
    },
    play: async (bench) => {
      place.folder = bench.folder
      const total = await operations()
      const crashAt = 1 + Math.round((point * (total - 1)) / (POINTS - 1))
      const ran = await bench.respond({env: environment(bench, crashAt)})
      if (existsSync(shadowOf(bench))) powerReturns(bench, tail)
      return ran
    },
  }
}

export const powerLoss: readonly Cell[] = Array.from({length: POINTS}, (_, point) =>
  TAILS.map((tail) => cellOf(point, tail)),
).flat()
