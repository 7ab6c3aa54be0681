import type {Connection} from '../config/connection.ts'
import {readCredentialFile} from '../config/credential-file.ts'
import type {Responder} from '../execution/responder.ts'
import type {Secret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import {StanchCommand} from './base-command.ts'
import type {Connected, ConnectionFlags, Place} from './context.ts'

/**
 * What commands share that look at a tenant or at the trail: where they run, the connection, a leaked value, and that
 * everything opened is closed whatever happens. Loads no tenant, trail or terminal code until one is asked for.
 */
export abstract class TenantCommand extends StanchCommand {
  readonly #closers: (() => Promise<void> | void)[] = []

  protected place(flags: {'log-level'?: string | undefined}): Place {
    return {config: this.config, env: process.env, logLevel: (flags['log-level'] ?? 'silent') as Place['logLevel']}
  }

  protected async connectTo(place: Place, flags: ConnectionFlags): Promise<Connected> {
    const {findConnection} = await import('./context.ts')
    return this.connectWith(place, await findConnection(place, flags), flags)
  }

  /** @param said false where the next screen says which tenant it is */
  protected async connectWith(place: Place, connection: Connection, flags: ConnectionFlags, said = true): Promise<Connected> {
    const {connect} = await import('./context.ts')
    const connected = await connect(place, connection, flags)
    this.closeAfterwards(() => connected.close())
    await this.sayWrapped(connected.warnings.map((warning) => `Warning: ${warning}`))
    if (!said) return connected
    const {domain = 'your answer', credential = 'your answer'} = connected.from
    const from =
      domain === credential ? `domain and credential from ${domain}` : `domain from ${domain}; credential from ${credential}`
    await this.sayWrapped([`${connected.mode === 'sim' ? 'SIMULATED' : 'REAL'} tenant ${connected.origin.host} (${from})`])
    return connected
  }

  protected async responder(
    attended: boolean,
    connected: Pick<Connected, 'clock'>,
    answers: Record<string, string> = {},
  ): Promise<Responder> {
    if (attended) {
      const {interactiveResponder} = await import('../terminal/interactive.ts')
      const responder = interactiveResponder({
        input: process.stdin,
        output: process.stderr,
        env: process.env,
        clock: connected.clock,
      })
      this.closeAfterwards(() => responder.close())
      return responder
    }
    const [{unattendedResponder}, {Progress}] = await Promise.all([
      import('../terminal/unattended.ts'),
      import('../terminal/progress.ts'),
    ])
    return unattendedResponder({
      progress: new Progress({output: process.stderr, env: process.env, clock: connected.clock}),
      answers,
    })
  }

  /** What leaked, without what was pasted around it. @throws the codes of `readCredentialFile` */
  protected async leakedFrom(flags: {'credential-file'?: string | undefined}): Promise<Secret | undefined> {
    if (flags['credential-file'] === undefined) return undefined
    const {bareCredential} = await import('./leaked-value.ts')
    return bareCredential(await readCredentialFile(flags['credential-file'], () => process.stdin))
  }

  /** Shows a secret once on the terminal device; undefined when there is none. */
  protected async showOnTerminal(): Promise<((secret: Secret) => Promise<void>) | undefined> {
    const {showSecretOnce, terminalDevice} = await import('../terminal/show-secret.ts')
    const output = terminalDevice(process.stderr, process.stdout)
    if (!output) return undefined
    return (secret) => showSecretOnce(secret, 'The new client secret', {input: process.stdin, output, env: process.env})
  }

  /** Lines for people, wrapped for this terminal; what `again` holds stands below them once more where their top has left the screen. */
  protected async printWrapped(lines: readonly string[], again: readonly string[] = []): Promise<void> {
    if (this.jsonEnabled()) return
    // A pipe has no columns: its reader gets whole lines.
    if (!process.stdout.isTTY) return this.print(lines.map((line) => printable(line, 4000)))
    const {layOut} = await import('../terminal/screen.ts')
    const {columns, rows} = process.stdout
    const laid = layOut(lines, columns)
    this.print(again.length > 0 && laid.length > rows - 2 ? [...laid, '', ...layOut(again, columns)] : laid)
  }

  /** Lines for people, one row each: on a terminal they are cut, in a pipe they are whole. */
  protected async printFitted(lines: readonly string[]): Promise<void> {
    if (this.jsonEnabled()) return
    if (!process.stdout.isTTY) return this.print(lines.map((line) => printable(line, 4000)))
    const {cutToWidth} = await import('../report/width.ts')
    const columns = Math.max(40, process.stdout.columns) - 1
    this.print(lines.map((line) => cutToWidth(printable(line, 4000), columns)))
  }

  protected closeAfterwards(close: () => Promise<void> | void): void {
    this.#closers.push(close)
  }

  protected async closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close()
  }

  protected override async finally(_: Error | undefined): Promise<void> {
    await this.closeAll()
  }
}
