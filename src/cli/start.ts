import {fileURLToPath} from 'node:url'

import {run} from '@oclif/core/run'
import {settings} from '@oclif/core/settings'

import {safeJson} from '../untrusted.ts'
import {reportLines, reportOf} from './error-report.ts'

/**
 * Hands argv to oclif with its unsafe defaults off: no user or development plugins (a package.json in the data folder
 * would be loaded and run), and none of its error printing, which shows stacks, causes and whatever an error carries.
 *
 * @param root folder of package.json
 * @param readerLeft is this error only that nobody reads our output any more?
 */
export async function start(argv: readonly string[], root: URL, readerLeft: (error: unknown) => boolean): Promise<void> {
  // With NODE_ENV=development oclif looks for a TypeScript loader and runs sources instead of what was built.
  settings.enableAutoTranspile = false
  // A theme.json in the configuration folder could colour a warning away.
  process.env['STANCH_DISABLE_THEME'] = '1'
  // A diagnostic report would hold what the environment holds.
  if (process.report) process.report.excludeEnv = true
  // SIGUSR1 opens the inspector to anybody on this machine.
  process.on('SIGUSR1', () => {})
  process.on('uncaughtException', (error) => {
    // The framework throws what it hears of standard output, unless it is a closed pipe: a terminal that went away is one, too.
    if (!readerLeft(error)) crash(error, argv)
  })
  const folder = fileURLToPath(root)
  const guided = argv.length === 0 && process.stdin.isTTY && process.stderr.isTTY
  try {
    await run(guided ? ['respond'] : [...argv], {root: folder, userPlugins: false, devPlugins: false})
  } catch (error) {
    if (isExit(error)) {
      process.exitCode ??= (error as {oclif: {exit: number}}).oclif.exit
      return
    }
    process.exitCode = tell(error, argv)
  }
}

/** Says what may be said of an error; returns the exit status. */
function tell(error: unknown, argv: readonly string[]): number {
  const report = reportOf(error)
  if (argv.includes('--json')) process.stdout.write(`${safeJson({error: report}, 2)}\n`)
  else for (const line of reportLines(report)) process.stderr.write(`${line}\n`)
  return report.exit
}

/**
 * What nobody caught, rejected promises included. Node would print the error with all that hangs on it: requests, headers,
 * bodies. Nothing is put in order here, as with a crash of any other kind: the trail has what was done.
 */
function crash(error: unknown, argv: readonly string[]): never {
  process.exit(tell(error, argv))
}

/** `--help` and `--version` end with an error of oclif's own that means: all is said. */
function isExit(error: unknown): boolean {
  return (error as {code?: unknown} | undefined)?.code === 'EEXIT'
}
