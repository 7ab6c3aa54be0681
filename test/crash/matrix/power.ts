import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'

import {leafHash} from '../../../src/trail/format/record.ts'
import {Bench, WORK} from './bench.ts'

/*
 * The worst legal disk (../power-loss.c) under the built program: what was not synced is gone, and so are names whose
 * folder was not.
 */

/** What the disk did with bytes that were written and not synced. */
export const TAILS = ['dropped', 'torn', 'zeros', 'garbage'] as const
export type Tail = (typeof TAILS)[number]

let library: string | undefined | null = null

/** The preload library; undefined where there is no Linux or no C compiler. */
export function powerLibrary(): string | undefined {
  if (library !== null) return library
  const file = path.join(WORK, 'power-loss.so')
  const source = path.join(import.meta.dirname, '../power-loss.c')
  const made =
    process.platform === 'linux' && spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', file, source, '-ldl']).status === 0
  library = made ? file : undefined
  return library
}

export function shadowOf(bench: Bench): string {
  return `${bench.folder}-shadow`
}

export function environment(bench: Bench, crashAt: number | undefined): Record<string, string> {
  mkdirSync(shadowOf(bench), {recursive: true})
  return {
    LD_PRELOAD: powerLibrary() ?? '',
    ROOT: bench.folder,
    SHADOW: shadowOf(bench),
    ...(crashAt === undefined ? {COUNT_FILE: countFile(bench)} : {CRASH_AT: String(crashAt)}),
  }
}

function countFile(bench: Bench): string {
  return path.join(shadowOf(bench), 'count')
}

let counted: Promise<number> | undefined

/** How many operations on files an undisturbed run makes. */
export function operations(): Promise<number> {
  counted ??= (async () => {
    const bench = await Bench.open()
    try {
      await bench.respond({env: environment(bench, undefined)})
      return Number(readFileSync(countFile(bench), 'utf8'))
    } finally {
      rmSync(shadowOf(bench), {recursive: true, force: true})
      await bench.close()
    }
  })()
  return counted
}

/** Is there a durable copy of the intent with this correlation id? */
export function isDurable(shadow: string, correlation: string): boolean {
  const digits = correlation.slice('stanch-'.length)
  if (digits.length !== 56) return false
  return readdirSync(shadow)
    .filter((name) => name.startsWith('f-'))
    .flatMap((name) => readFileSync(path.join(shadow, name), 'utf8').split('\n'))
    .some((line) => line.includes('"kind":"intent"') && leafHash(line).startsWith(digits))
}

/** Puts in place of the bench's folders what the disk holds when the power is back. */
export function powerReturns(bench: Bench, tail: Tail): void {
  const shadow = shadowOf(bench)
  const kept = new Map(readdirSync(shadow).map((name) => [name, path.join(shadow, name)]))
  const live = new Map<string, string>()
  for (const name of readdirSync(bench.folder, {recursive: true, encoding: 'utf8'})) {
    const file = path.join(bench.folder, name)
    live.set(String(statSync(file).ino), file)
  }
  const content = (inode: string, generation: string): Buffer => {
    const synced = kept.get(`f-${inode}-${generation}`)
    const bytes = synced ? readFileSync(synced) : Buffer.alloc(0)
    const current = live.get(inode)
    const now = current && statSync(current).isFile() ? readFileSync(current) : bytes
    const more = now.subarray(0, bytes.length).equals(bytes) ? now.subarray(bytes.length) : Buffer.alloc(0)
    switch (tail) {
      case 'dropped':
        return bytes
      case 'torn':
        return Buffer.concat([bytes, more.subarray(0, Math.floor(more.length / 2))])
      case 'zeros':
        return Buffer.concat([bytes, Buffer.alloc(more.length)])
      case 'garbage':
        return Buffer.concat([bytes, Buffer.alloc(more.length, '\u00a7{"kind"')])
    }
  }
  const folder = (inode: string, to: string): void => {
    mkdirSync(to, {mode: 0o700})
    const list = kept.get(`d-${inode}`)
    for (const line of list ? readFileSync(list, 'utf8').split('\n').slice(0, -1) : []) {
      const [type, child = '', generation = '', ...name] = line.split(' ')
      const below = path.join(to, name.join(' '))
      if (type === 'd') folder(child, below)
      else writeFileSync(below, content(child, generation), {mode: 0o600})
    }
  }
  const made: [string, string][] = []
  for (const place of [bench.data, path.dirname(bench.sink)]) {
    folder(String(statSync(place).ino), `${place}-after`)
    made.push([`${place}-after`, place])
  }
  for (const [from, to] of made) {
    rmSync(to, {recursive: true})
    renameSync(from, to)
  }
  rmSync(shadow, {recursive: true, force: true})
  if (!existsSync(bench.data)) mkdirSync(bench.data, {mode: 0o700})
}
