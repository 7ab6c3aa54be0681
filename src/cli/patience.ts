import {humanDuration, systemClock} from '../clock.ts'

/** Seconds after which a wait is told for the first time, and between one time and the next. */
const FIRST = 1
const AGAIN = 10

/** Bytes of a trail that are gone through in less than a second. */
const SMALL_TRAIL = 8 << 20

/**
 * Says what is waited for when it takes longer than a second, and again every ten: a tenant may be slow, and silence looks
 * like a hang. Only where somebody sits at a terminal.
 */
export async function patiently<T>(
  what: string,
  work: Promise<T>,
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<T> {
  if (!process.stderr.isTTY) return work
  const began = systemClock.monotonic()
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => {
    const seconds = Math.round((systemClock.monotonic() - began) / 1000)
    say(`${what} ...${seconds > FIRST ? ` ${humanDuration(seconds)}` : ''}`)
    timer = setTimeout(tell, AGAIN * 1000)
  }
  timer = setTimeout(tell, FIRST * 1000)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The same before work that lets nothing else run: said at once where the trail is large enough to take a second.
 *
 * @param folders trails
 * @param parts what of them is read: `records`, `evidence`
 */
export async function sayIfLarge(
  what: string,
  folders: readonly string[],
  parts: readonly ('records' | 'evidence')[] = ['records'],
): Promise<void> {
  if (!process.stderr.isTTY) return
  const [{fileStat, listFolder}, path] = await Promise.all([import('../files/read.ts'), import('node:path')])
  const read = folders.flatMap((folder) => parts.map((part) => path.join(folder, part)))
  const files = read.flatMap((part) =>
    fileStat(part)?.kind === 'folder' ? listFolder(part).map((name) => path.join(part, name)) : [],
  )
  const bytes = files.reduce((sum, file) => sum + (fileStat(file)?.size ?? 0), 0)
  if (bytes >= SMALL_TRAIL) process.stderr.write(`${what}: ${(bytes / 1e6).toFixed(0)} MB of ${parts.join(' and ')} ...\n`)
}
