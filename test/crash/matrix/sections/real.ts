import {spawnSync} from 'node:child_process'
import {existsSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'

import {GOOD, KEY} from '../../../support/certificates.ts'
import type {Bench} from '../bench.ts'
import type {Cell} from '../cell.ts'

/**
 * Section R: nothing is injected into the program. A disk that is really full or fills up, limits
 * that the kernel keeps, and clocks that libfaketime moves under all of the process.
 */

const LINUX = process.platform === 'linux'
const ROOT_USER = process.getuid?.() === 0
const FAKETIME = ['/usr/lib/x86_64-linux-gnu/faketime', '/usr/lib/aarch64-linux-gnu/faketime', '/usr/lib/faketime']
  .map((folder) => path.join(folder, 'libfaketimeMT.so.1'))
  .find((file) => existsSync(file))

function mount(...words: string[]): void {
  const {status, stderr} = spawnSync('mount', words, {encoding: 'utf8'})
  if (status !== 0) throw new Error(`mount ${words.join(' ')}: ${stderr}`)
}

/** Puts the data folder on a disk of its own, so many kB large. */
function ownDisk(bench: Bench, kilobytes: number): void {
  mount('-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=0700`, 'tmpfs', bench.data)
  bench.afterwards(() => void spawnSync('umount', ['-l', bench.data]))
}

function enlarge(bench: Bench): void {
  mount('-o', 'remount,rw,size=64m', bench.data)
}

const needsMount = LINUX && ROOT_USER ? {} : {skip: 'needs Linux and root, to mount a disk'}
const needsLimits =
  LINUX && spawnSync('prlimit', ['--version']).status === 0 ? {} : {skip: 'needs Linux and prlimit of util-linux'}
const needsFaketime = FAKETIME === undefined ? {skip: 'needs libfaketime (Debian: faketime)'} : {}

const ANY = ['OK', 'OK+W', 'STOP', 'REFUSE'] as const

function full(kilobytes: number): Cell {
  return {
    id: `R.tmpfs.${kilobytes}k`,
    section: 'R',
    step: `${kilobytes} kB`,
    fault: 'the disk is full',
    promised: ANY,
    ...needsMount,
    play: (bench) => {
      ownDisk(bench, kilobytes)
      return bench.respond()
    },
    mend: enlarge,
  }
}

function limited(limit: 'fsize' | 'nofile', value: number): Cell {
  return {
    id: `R.${limit}.${value}`,
    section: 'R',
    step: `${value}`,
    fault: limit === 'fsize' ? 'no file may grow beyond so many bytes' : 'no more than so many open files',
    promised: ANY,
    ...needsLimits,
    play: (bench) => bench.respond({under: ['prlimit', `--${limit}=${value}`]}),
  }
}

/** Somebody else's bytes take the last of the disk while the request is on its way. */
function fillsUp(step: 'n5' | 'n6'): Cell {
  return {
    id: `R.fills-up.${step}`,
    section: 'R',
    step,
    fault: 'the disk fills up under the program',
    promised: ['STOP', 'OK+W'],
    ...needsMount,
    play: (bench) => {
      ownDisk(bench, 2048)
      const filler = path.join(bench.data, 'filler')
      bench.front.acts.push(({seen}) => {
        if (seen.step === step && !existsSync(filler)) spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'])
        return 'pass'
      })
      return bench.respond()
    },
    mend: (bench) => rmSync(path.join(bench.data, 'filler'), {force: true}),
  }
}

function clock(name: string, faketime: string, more: Partial<Cell> = {}, jump?: string): Cell {
  return {
    id: `R.faketime.${name.replaceAll(' ', '-')}`,
    section: 'R',
    step: 'clock',
    fault: name,
    promised: ['OK', 'OK+W'],
    ends: ['partial'],
    ...needsFaketime,
    bench: {real: true},
    play: (bench) => {
      const file = path.join(bench.folder, 'faketime')
      writeFileSync(file, faketime)
      if (jump !== undefined)
        bench.front.acts.push(({seen}) => {
          if (seen.step === 'n6') writeFileSync(file, jump)
          return 'pass'
        })
      return bench.respond({
        injected: {time: {file: path.join(bench.folder, 'waited')}},
        env: {
          LD_PRELOAD: FAKETIME ?? '',
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      })
    },
    also: ({ran}) => (/clock_skew|skew/.test(ran[0]?.stdout ?? '') ? undefined : 'the skew of the clock is not told'),
    ...more,
  }
}

export const realMachine: readonly Cell[] = [
  ...[16, 48, 80, 112, 144, 176, 208, 240].map(full),
  ...[2000, 8000, 24_000].map((bytes) => limited('fsize', bytes)),
  ...[28, 34, 48].map((files) => limited('nofile', files)),
  fillsUp('n5'),
  fillsUp('n6'),
  clock('a day ahead', '+1d'),
  clock('a day behind', '-1d'),
  clock('a day ahead from the rotation on', '+0', {}, '+1d'),
  clock('three years behind over TLS', '-3y', {
    // What follows without the fault has no waits on the wall: the tenant is a simulated one.
    bench: {tls: {key: KEY, cert: GOOD}},
    promised: ['REFUSE'],
    also: ({front}) =>
      front.arrived.some((one) => one.session === 0) ? 'something was sent over TLS that does not hold' : undefined,
  }),
]
