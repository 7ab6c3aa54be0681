import diagnostics from 'node:diagnostics_channel'
import fs from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'
import net from 'node:net'
import tls from 'node:tls'

import type {ConnectFault, DiskFault, HaltFault, TimeFault} from './faults.ts'
import {StepCounter} from './steps.ts'

/*
 * Loaded into a child with `--import`; nothing of this is in the program. STANCH_FAULT is a JSON object with any of `disk`,
 * `connect`, `halt` and `time` (faults.ts). The functions are replaced in the modules themselves, so that named imports,
 * require and process.getBuiltinModule all see them.
 */
const {
  disk,
  connect,
  halt,
  time,
  operator = '',
} = JSON.parse(process.env['STANCH_FAULT'] ?? '{}') as {
  disk?: DiskFault
  connect?: ConnectFault
  halt?: HaltFault
  time?: TimeFault
  operator?: string
}

const real = {...fs}
const realTimeout = globalThis.setTimeout

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // The signal may be delivered a moment later: nothing more may happen until then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('unreachable')
}

function systemError(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected, ${call}`), {code, errno: -1, syscall: call})
}

// ---- files

const names = new Map<number, string>()
let armed = false
let broken = false
let hits = 0

function textOf(data: unknown): string {
  return typeof data === 'string' ? data : data instanceof Uint8Array ? Buffer.from(data).toString('utf8') : ''
}

/** Is this write the one that the fault is aimed at? */
function isTarget(file: string, text: string): boolean {
  if (!disk || !file.includes(disk.path)) return false
  const found = disk.record === undefined || text.split('\n').some((line) => disk.record!.every((part) => line.includes(part)))
  if (!found) return false
  hits += 1
  return hits === (disk.nth ?? 1)
}

/** After the first hit a full or read-only disk stays so, for everything below the folder that it is. */
function refuse(file: string, call: string): void {
  if (!broken || !disk?.error || !file.startsWith(disk.folder ?? disk.path)) return
  if (disk.moment !== 'exhaust' || call === 'open') throw systemError(disk.error, call)
}

function installDisk(fault: DiskFault): void {
  fs.openSync = ((file: fs.PathLike, flags?: fs.OpenMode, mode?: fs.Mode | null) => {
    // A URL object is not what its text would be as a path.
    const name = file instanceof URL ? file.pathname : String(file)
    const writes = typeof flags === 'number' ? (flags & 3) !== 0 : flags !== undefined && flags !== 'r'
    if (writes || fault.moment === 'exhaust') refuse(name, 'open')
    if (writes && fault.moment === 'open' && isTarget(name, '')) {
      broken = true
      throw systemError(fault.error ?? 'EIO', 'open')
    }
    const fd = real.openSync(file, flags ?? 'r', mode)
    names.set(fd, name)
    return fd
  }) as typeof fs.openSync
  fs.closeSync = (fd) => {
    names.delete(fd)
    real.closeSync(fd)
  }
  fs.writeSync = ((fd: number, data: string | Uint8Array, ...rest: unknown[]) => {
    const file = names.get(fd) ?? ''
    const write = real.writeSync as (...args: unknown[]) => number
    refuse(file, 'write')
    if (!isTarget(file, textOf(data))) return write(fd, data, ...rest)
    const bytes = Buffer.from(data)
    const {moment} = fault
    if (moment === 'before') die()
    if (moment === 'half' || moment === 'short') {
      const half = real.writeSync(fd, bytes.subarray(0, Math.floor(bytes.length / 2)))
      return moment === 'half' ? die() : half
    }
    if (moment === 'write' || moment === 'exhaust') broken = true
    if (moment === 'write') throw systemError(fault.error ?? 'EIO', 'write')
    armed = true
    return write(fd, data, ...rest)
  }) as typeof fs.writeSync
  const sync = (call: 'fsyncSync' | 'fdatasyncSync') => {
    fs[call] = (fd) => {
      const file = names.get(fd) ?? ''
      const folder = fault.moment === 'before-folder-sync' && armed && real.fstatSync(fd).isDirectory()
      if (folder) die()
      const here = armed && file.includes(fault.path)
      if (here && fault.moment === 'before-sync') die()
      if (here && fault.moment === 'sync') {
        armed = false
        broken = fault.folder !== undefined
        throw systemError(fault.error ?? 'EIO', call)
      }
      refuse(file, call)
      real[call](fd)
      if (here && fault.moment === 'after-sync') die()
    }
  }
  sync('fsyncSync')
  sync('fdatasyncSync')
  for (const call of ['renameSync', 'linkSync'] as const) {
    fs[call] = (from, to) => {
      refuse(String(to), call)
      if (fault.moment === 'before-rename' && String(from).includes(fault.path)) die()
      real[call](from, to)
    }
  }
  fs.mkdirSync = ((path: fs.PathLike, options: fs.MakeDirectoryOptions) => {
    refuse(String(path), 'mkdir')
    return real.mkdirSync(path, options)
  }) as typeof fs.mkdirSync
}

// ---- the wire, seen from this side

const counter = new StepCounter(operator)
let step = 'other'
const seen = new Map<string, number>()
const requests = new WeakMap<object, boolean>()
let failures = 0

interface Created {
  readonly request: {readonly method: string; readonly path: string; readonly body?: unknown}
}

function watchWire(): void {
  diagnostics.subscribe('undici:request:create', (message) => {
    const {request} = message as Created
    step = request.path.startsWith('/.stanch/')
      ? 'control'
      : counter.step({method: request.method, path: request.path, body: textOf(request.body)})
    const nth = (seen.get(step) ?? 0) + 1
    seen.set(step, nth)
    if (halt?.step !== step || (halt.nth ?? 1) !== nth) return
    if (halt.moment === 'before-send') die()
    requests.set(request, true)
  })
  diagnostics.subscribe('undici:request:trailers', (message) => {
    if (requests.get((message as Created).request)) die()
  })
}

function installConnect(fault: ConnectFault): void {
  const intercept = (open: typeof net.connect) =>
    ((options: net.NetConnectOpts, ...rest: unknown[]) => {
      if (step !== fault.step || failures >= (fault.times ?? 1))
        return (open as (...args: unknown[]) => net.Socket)(options, ...rest)
      failures += 1
      if (fault.port !== undefined) return (open as (...args: unknown[]) => net.Socket)({...options, port: fault.port}, ...rest)
      const socket = new net.Socket()
      process.nextTick(() => socket.destroy(systemError(fault.error ?? 'ECONNREFUSED', 'connect')))
      return socket
    }) as typeof net.connect
  net.connect = intercept(net.connect)
  tls.connect = intercept(tls.connect as unknown as typeof net.connect) as unknown as typeof tls.connect
}

// ---- time

/** Waits of a second and more take no time: the clocks of this process move instead, and the tenant is told by a file. */
function installTime(fault: TimeFault): void {
  let waited = 0
  let jumped = 0
  const RealDate = Date
  const realNow = performance.now.bind(performance)
  const shift = () => (fault.skew_seconds ?? 0) * 1000 + waited + jumped
  if (fault.scale === undefined) {
    class ShiftedDate extends RealDate {
      constructor(...args: unknown[]) {
        if (args.length === 0) super(RealDate.now() + shift())
        else super(...(args as [number]))
      }
      static override now(): number {
        return RealDate.now() + shift()
      }
    }
    globalThis.Date = ShiftedDate as DateConstructor
    performance.now = () => realNow() + waited
  }
  globalThis.setTimeout = ((work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    // Everybody's timers run faster by one factor: what is slow on the wire is slow in proportion.
    if (fault.scale !== undefined) return realTimeout(work, ms / fault.scale, ...args)
    const isWait = new Error('where').stack?.includes('sleep') ?? false
    if (!isWait || ms < 300) return realTimeout(work, ms, ...args)
    const later = () => {
      waited += ms
      if (fault.file !== undefined) fs.writeFileSync(fault.file, String(waited))
      if (fault.jump_seconds !== undefined && jumped === 0) jumped = fault.jump_seconds * 1000
      work(...args)
    }
    return realTimeout(later, 5)
  }) as typeof setTimeout
  if (fault.scale !== undefined) {
    const factor = fault.scale
    const timeout = AbortSignal.timeout.bind(AbortSignal)
    AbortSignal.timeout = (ms) => timeout(ms / factor)
  }
}

if (disk) installDisk(disk)
if (halt || connect) watchWire()
if (connect) installConnect(connect)
if (time) installTime(time)
syncBuiltinESMExports()
