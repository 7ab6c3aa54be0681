import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {sayIfLarge} from '../../cli/patience.ts'
import {TenantCommand} from '../../cli/tenant-command.ts'
import type {TrailVerdict} from '../../cli/verify-trail.ts'

export default class AuditVerify extends TenantCommand {
  static override summary = 'verify a trail or a slice of it offline: signatures, chain, checkpoints'
  static override description = `Takes a trail folder or a folder with a slice (slice.jsonl); a bundle's evidence, plan and sums are checked with it. Without anchors this shows that it is consistent and signed
by the key that it names itself, or by this machine's own key where that is here. What you hold from elsewhere makes it stronger:
its key (--vkey), its first record (--first), checkpoints from tickets (--known), a second signature (--witness). The answer says
what is left open, and where the first bad record stands.
Exit 0 verified, 5 not verified (nothing to verify included), 6 verified but incomplete. Changes nothing.`
  static override examples = [
    {
      description: 'the trail of this machine, against a checkpoint from the ticket',
      command: '<%= config.bin %> audit verify --known checkpoint.txt',
    },
    {
      description: 'a copy somebody sent',
      command:
        '<%= config.bin %> audit verify ./their-trail --vkey stanch.local/0123456789abcdef+3e7c77f9+AVgP8uoNkkPoV5ZbmrDVoM2anOAjx8tFMJcv5LU9yPh+',
    },
  ]
  static override args = {
    folder: Args.string({description: 'the trail; by default the real one of this machine', ignoreStdin: true}),
  }
  static override flags = {
    vkey: Flags.string({summary: 'the key that must have signed it', helpValue: 'VKEY'}),
    first: Flags.string({summary: 'leaf hash of its first record, 64 hex digits', helpValue: 'HEX'}),
    known: Flags.string({
      summary: 'a checkpoint that you hold: a file; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
    }),
    witness: Flags.string({
      summary: 'a key that must have countersigned the newest checkpoint; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'VKEY',
    }),
    evidence: Flags.boolean({
      summary: 'of a whole trail the pieces of evidence, too: each is hashed, and none that a record names is absent',
      exclusive: ['quick'],
    }),
    quick: Flags.boolean({summary: 'hashes, order and signatures only: several times faster, at best incomplete (exit 6)'}),
    simulated: Flags.boolean({summary: 'the trail of drills and simulated tenants'}),
  }

  async run(): Promise<TrailVerdict> {
    const {args, flags} = await this.parse(AuditVerify)
    const [{verifyTrail}, {verificationLines}] = await Promise.all([
      import('../../cli/verify-trail.ts'),
      import('../../report/verification-lines.ts'),
    ])
    const {pathsOf} = await import('../../cli/context.ts')
    await sayIfLarge(
      'verifying',
      [args.folder ?? pathsOf(this.place(flags)).trail(flags.simulated ? 'sim' : 'real')],
      flags.evidence ? ['records', 'evidence'] : ['records'],
    )
    const verification = verifyTrail(this.place(flags), {...flags, folder: args.folder})
    process.exitCode = verification.ok ? (verification.complete ? 0 : 6) : 5
    this.print(
      (args.folder === undefined && verification.records === 0 ? await this.#noTrail(flags) : undefined) ??
        verificationLines(verification),
    )
    return verification
  }

  /** What is said instead where this machine has no trail. */
  async #noTrail(flags: {simulated: boolean; 'log-level': string}): Promise<readonly string[] | undefined> {
    const {noTrailLines} = await import('../../cli/trail-records.ts')
    return noTrailLines(this.place(flags), flags.simulated ? 'sim' : 'real')
  }
}
