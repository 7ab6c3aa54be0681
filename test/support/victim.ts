import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'

import type {Watch} from '../../src/simulator/dispatch.ts'
import type {Scene} from './incident.ts'
import {MAIN} from './run-stanch.ts'

/** A run of the built program that is killed once when a request of its is at the tenant, which drops that request. */
export class Victim {
  readonly watch: Watch
  #child: ChildProcess | undefined

  /** @param falls is this the request, and the phase of it? Asked only while the program lives. */
  constructor(falls: (...seen: Parameters<Watch>) => boolean) {
    this.watch = async (phase, request) => {
      const child = this.#child
      if (!child || child.killed || !falls(phase, request)) return undefined
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      return 'drop'
    }
  }

  /** What ended it: `SIGKILL`, or null where it came to its own end. */
  async run(
    {home, simulator}: Pick<Scene, 'home' | 'simulator'>,
    argv: readonly string[],
    {env = simulator.connection, nodeArgs = []}: {env?: Readonly<Record<string, string>>; nodeArgs?: readonly string[]} = {},
  ): Promise<string | null> {
    const child = spawn(process.execPath, [...nodeArgs, MAIN, ...argv], {
      cwd: home.folder,
      env: {...home.env, ...env},
      stdio: 'ignore',
    })
    this.#child = child
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
    return signal
  }
}
