import path from 'node:path'

import {ensureFolder, writeDurably} from '../files/write.ts'
import {HUNTS} from '../incident/hunt/catalogue.ts'
import {sigmaOf} from '../report/siem/sigma.ts'

/** Writes every hunt as Sigma rules: `-` gives the text back, else one file each into a folder. @returns what to print */
export function writeSigma(target: string): string {
  if (target === '-') return HUNTS.map((hunt) => sigmaOf(hunt)).join('---\n')
  const folder = path.resolve(target)
  ensureFolder(folder)
  for (const hunt of HUNTS) {
    const name = `auth0_stanch_${hunt.id.toLowerCase().padStart(3, '0')}.yml`
    writeDurably(path.join(folder, name), sigmaOf(hunt))
  }
  return `${HUNTS.length} files with Sigma rules are in ${folder}\n`
}
