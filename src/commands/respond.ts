import * as Flags from '@oclif/core/flags'

import {
  choiceFlags,
  clientFlag,
  connectionFlags,
  deliverFlags,
  incidentFlags,
  leakFlag,
  notifyFlags,
  proofFlags,
  scannerFlags,
} from '../cli/flags.ts'
import {required} from '../cli/base-command.ts'
import {IncidentCommand} from '../cli/incident-command.ts'
import type {IncidentFlagValues} from '../cli/incident-command.ts'
import {runIncident} from '../cli/incident-session.ts'
import type {Job} from '../cli/incident-job.ts'
import {leakedParts} from '../cli/leaked-value.ts'
import {runbookFor} from '../cli/runbook-folder.ts'
import type {Connected, Place} from '../cli/context.ts'
import type {ScannerFlags} from '../cli/scanner-input.ts'
import {StanchError} from '../errors.ts'
import type {LeakKind} from '../incident/leak.ts'
import type {Secret} from '../secret.ts'

/** Kinds that this version carries out; the others are answered by their runbook's steps for people. */
const WHOLE: readonly LeakKind[] = ['client-secret', 'management-token']

export default class Respond extends IncidentCommand {
  static override summary = 'the guided response to a leaked credential, start to end'
  static override description = `Says what leaked, what it can do and until when; proposes a plan; asks once; deletes grants, rotates, hands the new
secret over, proves it and says when the all clear is. In a terminal it asks; with --yes and flags nobody is asked.`
  static override examples = [
    {description: 'guided', command: '<%= config.bin %> respond'},
    {
      description: 'what TruffleHog found, whosever it is',
      command:
        '<%= config.bin %> respond --from-scanner found.jsonl --find-client --deliver file:/run/secrets/new --reason "found in CI logs" --yes',
    },
    {
      description: 'unattended',
      command:
        '<%= config.bin %> respond --leak client-secret --client A1b2C3 --credential-file leaked.txt --deliver file:/run/secrets/new --reason "in a public repository" --yes --json',
    },
  ]
  static override flags = {
    ...connectionFlags,
    leak: leakFlag(),
    client: clientFlag,
    ...scannerFlags,
    'find-client': Flags.boolean({
      summary: 'whose is it? For a bare secret this reads all secrets, which the tenant logs',
    }),
    runbook: Flags.string({summary: 'a shipped runbook, or a path that contains a slash', helpValue: 'R'}),
    method: Flags.option({
      options: ['rotate', 'set'] as const,
      default: 'rotate' as const,
      summary: 'the rotate endpoint, or a self-made secret',
    })(),
    ...choiceFlags,
    ...deliverFlags,
    ...incidentFlags,
    ...notifyFlags,
    ...proofFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Respond)
    if (this.isAttended(flags) && !flags['dry-run']) return this.#guided(flags)
    const {leaked, client_id: named, known} = await this.#leaked(flags)
    const leak = required(flags.leak ?? (await this.#kindOf(flags, leaked)), 'leak')
    if (!WHOLE.includes(leak)) {
      throw new StanchError('usage.invalid', `A leaked ${leak} is answered by people: no API call of stanch contains it.`, {
        hint: `Follow the steps: stanch runbook show ${leak}`,
      })
    }
    const choices = this.choicesOf(flags)
    this.checkUnattended(flags, {sink: choices.rotate})
    const sink = this.sinkOf(flags, false)
    const client = flags.client ?? named ?? (await this.#clientOfToken(leak, leaked))
    const place = this.place(flags)
    const runbook = await runbookFor(this.config.root, leak, flags.runbook)
    this.watchInterrupts()
    const connected = await this.connectTo(place, flags)
    const {compilePlan} = await import('../runbooks/compile.ts')
    const client_id = required(client ?? (await this.#compared(flags, place, connected, leaked)), 'client')
    const worked = await runIncident({
      ...(await this.workOn(flags, false, place, connected)),
      leak,
      client_id,
      choices,
      ...(await leakedParts(connected, leak, client_id, leaked)),
      ...(sink ? {sink} : {}),
      ...(known ? {known} : {}),
      plan: (facts) => compilePlan(runbook, facts, choices),
    })
    await this.show(worked, false)
  }

  /** The leaked value: a file of its own, or one finding of a scanner with the client that stood beside it. */
  async #leaked(flags: IncidentFlagValues & ScannerFlags): Promise<{leaked?: Secret; client_id?: string; known?: Job['known']}> {
    if (flags['from-scanner'] === undefined) {
      const leaked = await this.leakedFrom(flags)
      return leaked ? {leaked} : {}
    }
    const [{pickFinding, chooseFinding}, {bareCredential}] = await Promise.all([
      import('../cli/scanner-input.ts'),
      import('../cli/leaked-value.ts'),
    ])
    const picked = await pickFinding(flags, this.isAttended(flags) && flags['from-scanner'] !== '-' ? chooseFinding : undefined)
    this.say(`From ${picked.said}`)
    const known = [{action: 'leak.found', finding: picked.said}]
    return {leaked: bareCredential(picked.value), known, ...(picked.client_id === undefined ? {} : {client_id: picked.client_id})}
  }

  /** What a scanner found says itself what leaked; a value in a file is taken for what --leak says. */
  async #kindOf(flags: ScannerFlags, leaked: Secret | undefined): Promise<LeakKind | undefined> {
    if (flags['from-scanner'] === undefined || !leaked) return undefined
    const {inspectText} = await import('../tokens/inspect.ts')
    return inspectText(leaked.reveal()).kind
  }

  /** With --find-client: the application whose secret this is. @throws input.invalid when it is nobody's here */
  async #compared(
    flags: {'find-client': boolean},
    place: Place,
    connected: Connected,
    leaked: Secret | undefined,
  ): Promise<string | undefined> {
    if (!flags['find-client'] || !leaked) return undefined
    const [{COMPARE_WARNING, findClient}, {takenAs}, {inspectText}] = await Promise.all([
      import('../cli/find-client.ts'),
      import('../cli/leaked-value.ts'),
      import('../tokens/inspect.ts'),
    ])
    this.say(COMPARE_WARNING)
    const owner = await findClient(place, connected, {
      found: takenAs('client-secret', inspectText(leaked.reveal())),
      value: leaked,
    })
    if (owner.verdict === 'found') return owner.client_id
    throw new StanchError('input.invalid', `Whose it is was not found: ${owner.reason}. Nothing was changed.`, {
      hint: 'Name the application with --client, if it is one of this tenant.',
    })
  }

  async #clientOfToken(leak: LeakKind, leaked: Secret | undefined): Promise<string | undefined> {
    if (leak !== 'management-token' || !leaked) return undefined
    const {inspectText} = await import('../tokens/inspect.ts')
    return inspectText(leaked.reveal()).client_id
  }

  /** The questions before a tenant comes into play, then the guided flow. */
  async #guided(
    flags: IncidentFlagValues & {
      leak?: LeakKind | undefined
      client?: string | undefined
      runbook?: string | undefined
      method?: string | undefined
    } & ScannerFlags,
  ): Promise<void> {
    const sink = this.sinkOf(flags, true)
    const {leaked: given, client_id: named, known} = await this.#leaked(flags)
    this.watchInterrupts()
    const place = this.place(flags)
    const {openGuided} = await import('../cli/guided-opening.ts')
    const opening = await openGuided({
      place,
      flags,
      ...(given ? {leaked: given} : {}),
      say: (line) => this.say(line),
      connect: (connection) => this.connectWith(place, connection, flags, false),
    })
    if (opening.kind === 'by_hand') {
      this.print(opening.lines)
      return
    }
    const {connected} = opening
    const work = await this.workOn(flags, true, place, connected)
    const client = flags.client ?? named ?? opening.client_id ?? (await opening.askClient(work.responder))
    const showOnTerminal = await this.showOnTerminal()
    const {guidedIncident} = await import('../cli/guided.ts')
    const worked = await guidedIncident({
      ...work,
      leak: opening.leak,
      client_id: client,
      ...(opening.leaked ? {leaked: opening.leaked} : {}),
      ...(sink ? {sink} : {}),
      ...(showOnTerminal ? {showOnTerminal} : {}),
      ...(known ? {known} : {}),
      choices: this.choicesOf(flags),
      asks_way: !flags['keep-grants'] && !flags['no-rotate'],
      ...(flags.runbook === undefined ? {} : {runbook: flags.runbook}),
    })
    await this.show(worked, true)
  }
}
