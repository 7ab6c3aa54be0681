import path from 'node:path'

import {hashFile} from '../files/read.ts'

/**
 * SHA-256 of `dist/SHA256SUMS`, in which the build lists its files: which build this is. That these files are still the
 * ones of the list is for `sha256sum -c` to say. Undefined where there is no such list.
 *
 * @param root folder of the installation
 */
export function buildHash(root: string): string | undefined {
  try {
    return hashFile(path.join(root, 'dist/SHA256SUMS'))
  } catch {
    return undefined
  }
}
