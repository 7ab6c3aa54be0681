import path from 'node:path'

import {StanchError} from '../errors.ts'
import {readBounded} from '../files/read.ts'
import type {StoredRecord} from '../trail/format/record.ts'

/** Largest slice that is read at once, bytes. */
const MAX_SLICE = 64 << 20

/** The records of a slice as they stand there. Unverified: that is `audit verify`. @throws input.invalid */
export function readSliceRecords(folder: string): StoredRecord[] {
  const text = readBounded(path.join(folder, 'slice.jsonl'), MAX_SLICE).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as StoredRecord
      } catch (cause) {
        throw new StanchError('input.invalid', 'The slice holds a line that is no record.', {cause})
      }
    })
}
