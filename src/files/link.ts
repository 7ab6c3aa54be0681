import {lstatSync} from 'node:fs'

/** True when the last part of `path` is a symbolic link, wherever it points. */
export function isLink(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() ?? false
}
