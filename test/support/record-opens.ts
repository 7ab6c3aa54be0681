import child from 'node:child_process'
import fs from 'node:fs'
import {registerHooks, syncBuiltinESMExports} from 'node:module'

/*
 * Loaded into a child with `--import`, where there is no strace: writes every path that the program opens, lists, asks
 * about, loads as code or runs to the file STANCH_OPENS, one a line.
 */

const to = fs.openSync(process.env['STANCH_OPENS'] ?? '/dev/null', 'a')
const write = fs.writeSync
const say = (what: string, where: unknown) => void write(to, `${what} ${where instanceof URL ? where.pathname : String(where)}\n`)

const watchedNames = [
  'openSync',
  'readFileSync',
  'statSync',
  'lstatSync',
  'existsSync',
  'accessSync',
  'readdirSync',
  'realpathSync',
  'open',
  'readFile',
  'stat',
  'lstat',
  'access',
  'readdir',
] as const
const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>
for (const name of watchedNames) {
  const real = functions[name] as (...args: unknown[]) => unknown
  functions[name] = Object.assign((...args: unknown[]) => {
    if (typeof args[0] !== 'number') say(name, args[0])
    return real.apply(fs, args)
  }, real)
  const promised = (fs.promises as unknown as Record<string, (...args: unknown[]) => unknown>)[name]
  if (promised)
    (fs.promises as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
      say(name, args[0])
      return promised.apply(fs.promises, args)
    }
}
const processes = child as unknown as Record<string, (...args: unknown[]) => unknown>
for (const name of ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'exec', 'execSync', 'fork']) {
  const real = processes[name] as (...args: unknown[]) => unknown
  processes[name] = (...args: unknown[]) => {
    say(`run:${name}`, args[0])
    return real.apply(child, args)
  }
}
syncBuiltinESMExports()
registerHooks({
  load(url, context, next) {
    say('load', url.startsWith('file:') ? new URL(url) : url)
    return next(url, context)
  },
})
