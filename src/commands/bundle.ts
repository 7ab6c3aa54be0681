import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import type {Bundled} from '../cli/bundle.ts'
import {pathsOf} from '../cli/context.ts'
import {sayIfLarge} from '../cli/patience.ts'
import {TenantCommand} from '../cli/tenant-command.ts'

export default class BundleCommand extends TenantCommand {
  static override summary = 'the evidence of an incident, for somebody who checks it without stanch'
  static override description = `Records with their proofs, signed checkpoint, plan, evidence, report (also as a page), answers to an auditor's questions,
checksums, a verifier in Python, a page that checks the records in a browser, and one page on how to check it all. No secret
is in it; with --blind no end user's identifiers are in its evidence either. The records themselves stay as they were
signed: those of a watch name the addresses from which the leaked credential was used. The same state of an incident gives
the same bytes. Works offline. That it was handed out is recorded in the trail afterwards.`
  static override examples = [
    {
      description: 'one file for the auditor',
      command: '<%= config.bin %> bundle inc-20261122-k7m2xq --tar --to "audit@acme.example"',
    },
    {
      description: "a folder without end users' identifiers",
      command: '<%= config.bin %> bundle inc-20261122-k7m2xq --blind -o ./evidence',
    },
  ]
  static override args = {
    id: Args.string({description: 'incident id', required: true, ignoreStdin: true}),
  }
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: 'a new folder or file; by default here, named after the incident',
      helpValue: 'PATH',
    }),
    tar: Flags.boolean({summary: 'one archive instead of a folder'}),
    blind: Flags.boolean({summary: 'keyed fingerprints instead of user ids, e-mail addresses, IP addresses and names'}),
    to: Flags.string({summary: 'who gets it; goes into the trail', helpValue: 'RECIPIENT'}),
  }

  async run(): Promise<Bundled> {
    const {args, flags} = await this.parse(BundleCommand)
    const [{writeBundle}, {bundleLines}] = await Promise.all([import('../cli/bundle.ts'), import('../report/bundle-lines.ts')])
    const {output, tar, blind, to} = flags
    const paths = pathsOf(this.place(flags))
    await sayIfLarge('reading the trail', [paths.trail('real'), paths.trail('sim')], ['records', 'evidence'])
    const bundled = await writeBundle(this.place(flags), {incident: args.id, output, tar, blind, to})
    await this.printWrapped(bundleLines(bundled))
    return bundled
  }
}
