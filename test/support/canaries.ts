import {spawn} from 'node:child_process'
import {readdirSync, readFileSync, readlinkSync, statSync} from 'node:fs'
import path from 'node:path'
import {inflateRawSync} from 'node:zlib'

import {MAIN} from './run-stanch.ts'
import type {Home, Ran, RunOptions} from './run-stanch.ts'

/** Shorter ones would be found by chance. */
const SHORTEST = 8
/** The first and the last characters of a secret are a leak, too; shorter values are looked for whole. */
const END = 12

/** Every spelling in which a secret could slip out: whole, its ends, turned round, and encoded. */
export function disguises(secret: string): ReadonlySet<string> {
  const bytes = Buffer.from(secret)
  const whole = new Set([secret, Array.from(secret).toReversed().join('')])
  // The header of a token is the same in all of them and no secret: what must not be seen of it begins at its signature.
  // Keys in PEM begin alike, too.
  const pem = /^-----BEGIN [\w ]+-----\s+([\w+/=\s]+?)=*\s*-----END/.exec(secret)?.[1]?.replaceAll(/\s/g, '')
  const own =
    pem?.slice(pem.length / 2) ??
    (/^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(secret) ? secret.slice(secret.lastIndexOf('.') + 1) : secret)
  if (pem !== undefined) whole.add(pem)
  if (own.length >= 2 * END) {
    whole.add(own.slice(0, END))
    whole.add(own.slice(-END))
  }
  const all = new Set<string>()
  for (const one of whole) {
    const raw = Buffer.from(one)
    all.add(one)
    all.add(raw.toString('hex'))
    all.add(raw.toString('hex').toUpperCase())
    all.add(encodeURIComponent(one))
    all.add([...raw].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
    all.add(JSON.stringify(one).slice(1, -1))
    all.add(
      Array.from(one)
        .map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join(''),
    )
    all.add(one.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'))
    all.add(
      Array.from(one)
        .map((char) => `&#${char.charCodeAt(0)};`)
        .join(''),
    )
  }
  for (const offset of [0, 1, 2]) {
    // the ends mix with the neighbours: what is certain stands between
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset === 0 ? 0 : offset + 1, -1)
    all.add(encoded)
    all.add(encoded.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return new Set([...all].filter((one) => one.length >= SHORTEST))
}

/** Where something of it was found: `stdout: secret 3`. Never the secret, which would be a leak in the test's own output. */
export function findCanaries(
  secrets: readonly string[],
  places: Iterable<{readonly name: string; readonly bytes: Buffer}>,
): string[] {
  const wanted = secrets.filter((secret) => secret.length >= SHORTEST).map((secret) => [...disguises(secret)])
  const read = [...places].map(({name, bytes}) => ({name, texts: layers(bytes)}))
  // Nearly always there is nothing: one look over all of it is quicker than one over each.
  const all = read.flatMap(({texts}) => texts).join('\0')
  if (!wanted.some((forms) => forms.some((form) => all.includes(form)))) return []
  const found: string[] = []
  for (const {name, texts} of read) {
    for (const [layer, text] of texts.entries()) {
      for (const [index, forms] of wanted.entries()) {
        if (forms.some((form) => text.includes(form)))
          found.push(`${name}${layer > 0 ? ' (packed)' : ''}: secret ${index + 1} of ${secrets.length}`)
      }
    }
  }
  return found
}

/** The bytes as text, and what is packed in them: gzip members and the entries of zip archives, one level deep. */
function layers(bytes: Buffer): string[] {
  const all = [bytes.toString('latin1')]
  for (let at = bytes.indexOf('1f8b08', 0, 'hex'); at >= 0; at = bytes.indexOf('1f8b08', at + 3, 'hex')) {
    try {
      // behind the fixed header, and the name where the member has one; what follows the member is not looked at
      const named = ((bytes[at + 3] ?? 0) & 8) === 0 ? at + 10 : bytes.indexOf(0, at + 10) + 1
      all.push(inflateRawSync(bytes.subarray(named), {maxOutputLength: 64 << 20}).toString('latin1'))
    } catch {
      // three bytes that only look like a member
    }
  }
  for (let at = bytes.indexOf('504b0304', 0, 'hex'); at >= 0; at = bytes.indexOf('504b0304', at + 4, 'hex')) {
    try {
      const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
      all.push(inflateRawSync(bytes.subarray(start), {maxOutputLength: 64 << 20}).toString('latin1'))
    } catch {
      // stored, or no archive
    }
  }
  return all
}

/** Every file below a folder but those named, which are where the secret belongs. */
export function* filesOf(
  folder: string,
  but: readonly string[] = [],
): Generator<{readonly name: string; readonly bytes: Buffer}> {
  for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true})) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile() && !but.includes(file)) yield {name: path.relative(folder, file), bytes: readFileSync(file)}
  }
}

export interface Watched extends Ran {
  /** Command lines, environments and deleted-but-open files of the whole process tree while it ran. */
  readonly seen: readonly {readonly name: string; readonly bytes: Buffer}[]
  readonly samples: number
}

const EVERY_MS = 5

/**
 * Runs the built program and looks at its process tree every few milliseconds, as another process of the same user could.
 *
 * @param given names of variables in which the caller itself gave a secret
 */
export function watched(
  home: Home,
  argv: readonly string[],
  options: RunOptions = {},
  given: readonly string[] = [],
): Promise<Watched> {
  const child = spawn(options.node ?? process.execPath, [...(options.nodeArgs ?? []), MAIN, ...argv], {
    cwd: options.cwd ?? home.folder,
    env: {...home.env, ...options.env},
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const out = {stdout: '', stderr: ''}
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text))
  const seen = new Map<string, {name: string; bytes: Buffer}>()
  let samples = 0
  const timer = setInterval(() => {
    samples += 1
    const own = proc(child.pid ?? -1, 'cmdline')
    for (const pid of tree(child.pid ?? -1)) {
      // between fork and exec a child still shows what its parent is
      if (pid !== child.pid && proc(pid, 'cmdline') === own) continue
      for (const what of ['cmdline', 'environ']) {
        const text = proc(pid, what)
        if (text === undefined) continue
        const mine =
          what === 'environ' && pid === child.pid
            ? text
                .split('\0')
                .filter((line) => !given.some((name) => line.startsWith(`${name}=`)))
                .join('\0')
            : text
        seen.set(`${what} ${mine}`, {name: `${what} of ${pid === child.pid ? 'stanch' : 'a child'}`, bytes: Buffer.from(mine)})
      }
      for (const {name, bytes} of deleted(pid)) seen.set(`${name} ${bytes.length}`, {name, bytes})
    }
  }, EVERY_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(timer)
      resolve({
        code: code ?? -1,
        ...out,
        json: () => JSON.parse(out.stdout) as Record<string, unknown>,
        seen: [...seen.values()],
        samples,
      })
    })
  })
}

function tree(root: number): number[] {
  const all = [root]
  for (let i = 0; i < all.length && i < 100; i++) {
    const children = proc(all[i] ?? -1, `task/${all[i]}/children`)
    for (const pid of children?.trim().split(' ').filter(Boolean) ?? []) all.push(Number(pid))
  }
  return all
}

function proc(pid: number, what: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1')
  } catch {
    return undefined
  }
}

/** Files that were deleted and are still open: nobody sees them in a folder. */
function* deleted(pid: number): Generator<{name: string; bytes: Buffer}> {
  let names: string[] = []
  try {
    names = readdirSync(`/proc/${pid}/fd`)
  } catch {
    return
  }
  for (const name of names) {
    const link = `/proc/${pid}/fd/${name}`
    try {
      if (!readlinkSync(link).endsWith(' (deleted)') || !statSync(link).isFile()) continue
      yield {name: 'a deleted file', bytes: readFileSync(link)}
    } catch {
      continue
    }
  }
}
