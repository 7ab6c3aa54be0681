import * as Flags from '@oclif/core/flags'

import {required} from '../../cli/base-command.ts'
import {clientFlag, connectionFlags, proofFlags} from '../../cli/flags.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import {StanchError} from '../../errors.ts'
import type {Proof} from '../../incident/replay.ts'
import type {EvidenceGap} from '../../incident/tenant-snapshot.ts'
import {proofLine} from '../../report/summary.ts'
import {printable} from '../../untrusted.ts'

export interface SecretVerification {
  readonly client_id: string
  readonly tenant: string
  readonly simulated: boolean
  readonly proof: readonly Proof[]
  readonly evidence_gaps: readonly EvidenceGap[]
  readonly next: readonly string[]
}

export default class SecretVerify extends TenantCommand {
  static override summary = 'is the old secret refused, and the new one accepted?'
  static override description = `Asks with a made-up authorization code, which mints no token and changes nothing. Refused means: at least three
well-formed refusals in a row, the last at least 35 s after the first question could have met the old state.
Exit 0 proven, 5 the old secret is still accepted, 6 not proven.`
  static override examples = [
    {
      description: 'is it dead?',
      command: '<%= config.bin %> secret verify --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --credential-file leaked.txt',
    },
    {
      description: 'and does the new one work?',
      command:
        '<%= config.bin %> secret verify --client A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6 --credential-file - --new-credential-file new.txt < leaked.txt',
    },
  ]
  static override flags = {
    ...connectionFlags,
    client: clientFlag,
    ...proofFlags,
    'new-credential-file': Flags.string({summary: 'the new secret: a file, or - for standard input', helpValue: 'F|-'}),
  }

  async run(): Promise<SecretVerification> {
    const {flags} = await this.parse(SecretVerify)
    const client_id = required(flags.client, 'client')
    required(flags['credential-file'], 'credential-file')
    if (flags['credential-file'] === '-' && flags['new-credential-file'] === '-') {
      throw new StanchError('usage.invalid', 'Only one of the two values can come from standard input.')
    }
    const old = required(await this.leakedFrom(flags), 'credential-file')
    const current = await this.leakedFrom({'credential-file': flags['new-credential-file']})
    if (current?.equals(old)) throw new StanchError('usage.invalid', 'The old and the new value are the same.')
    const connected = await this.connectTo(this.place(flags), flags)
    const {tenant, clock, mode, origin} = connected
    const client = await tenant.getClient(client_id)
    const {checkSecret} = await import('../../execution/check-secret.ts')
    const responder = await this.responder(false, connected)
    const {proof, gaps} = await checkSecret(
      {tenant, clock, mode, responder, interruption: {requested: false}},
      {client, old, ...(current ? {current} : {}), window: flags['verify-window']},
    )
    const next = nextOf(proof, client_id)
    process.exitCode = exitOf(proof)
    await this.printWrapped([
      ...proof.flatMap((one) => [proofLine(one).trim(), `  ${one.basis}`]),
      ...gaps.map((gap) => `Not known: ${printable(gap.what)}: ${printable(gap.why, 400)}`),
      ...next.map((step) => `Next: ${step}`),
    ])
    return {client_id, tenant: origin.host, simulated: mode === 'sim', proof, evidence_gaps: gaps, next}
  }
}

function exitOf(proof: readonly Proof[]): number {
  if (proof.some((one) => one.claim === 'old_secret_refused' && one.verdict === 'failed')) return 5
  return proof.every((one) => one.verdict === 'proven') ? 0 : 6
}

function nextOf(proof: readonly Proof[], client: string): string[] {
  return proof.flatMap((one) => {
    if (one.verdict === 'proven') return []
    if (one.claim === 'new_secret_accepted')
      return ['is that the newest secret? Compare with the Dashboard, or: stanch incident list']
    if (one.verdict === 'failed') return [`the old secret still works: stanch respond --leak client-secret --client ${client}`]
    return ['not proven: run it again with --verify-window 40s or more']
  })
}
