import path from 'node:path'
import {isLink} from '../files/link.ts'
import {fileStat, listFolder, readBounded} from '../files/read.ts'
import {removeFile, temporariesOf} from '../files/write.ts'
import {Secret} from '../secret.ts'
import {MAX_SECRET} from './file-sink.ts'
import type {Sink} from './sink.ts'

/** The characters of secrets that Auth0 and stanch make. Whatever else lies in a file is nobody's secret, and nobody is asked about it. */
const SHAPE = /^[\w-]{40,4096}\n$/

/**
 * Secrets that an earlier process of this incident may have written down just before it died: in the sink's file, under its
 * temporary name, and in the incident's own folder. What a kill cut in the middle is of no use to anybody and is removed.
 */
export function leftBehind(sink: Sink, fallback: Sink): Secret[] {
  const found = new Map<string, Secret>()
  for (const file of [...filesOf(sink), ...siblingsOf(fallback)]) {
    const text = contentOf(file)
    if (text === undefined) continue
    if (SHAPE.test(text)) found.set(text, new Secret(text.trimEnd()))
    else if (file.endsWith('.tmp') && !text.endsWith('\n')) removeFile(file)
  }
  return [...found.values()]
}

function filesOf(sink: Sink): string[] {
  return sink.kind === 'file' ? [sink.path, ...temporariesOf(sink.path)] : []
}

/** Each session names its own file: those of earlier ones lie beside it. */
function siblingsOf(fallback: Sink): string[] {
  if (fallback.kind !== 'file') return []
  const folder = path.dirname(fallback.path)
  return listFolder(folder)
    .filter((name) => /^\.?new-secret-/.test(name))
    .map((name) => path.join(folder, name))
}

function contentOf(file: string): string | undefined {
  const found = isLink(file) ? undefined : fileStat(file)
  return found?.kind === 'file' && found.size <= MAX_SECRET ? readBounded(file, MAX_SECRET).toString('utf8') : undefined
}
