import {StanchCommand} from '../cli/base-command.ts'
import {doctorLines, examine} from '../cli/doctor.ts'
import type {DoctorResult} from '../cli/doctor.ts'
import {connectionFlags} from '../cli/flags.ts'
import {patiently} from '../cli/patience.ts'

export default class Doctor extends StanchCommand {
  static override summary = 'before it is needed: check this machine, the trail and what your credential can do'
  static override description = `Looks only: no change is sent, nothing is written but a probe file that is removed again. Works without a connection.
Exit codes: 0 nothing failed (warnings do not count), 2 this machine, 4 the credential, 5 the trail does not verify, 75 the tenant cannot be reached.`
  static override examples = [
    {description: 'this machine, and the tenant of the environment', command: '<%= config.bin %> doctor'},
    {
      description: 'which scopes does the credential of a profile lack?',
      command: '<%= config.bin %> doctor --profile prod --json',
    },
  ]
  static override flags = {...connectionFlags}

  async run(): Promise<DoctorResult> {
    const {flags} = await this.parse(Doctor)
    const {result, exit} = await patiently(
      'looking at machine and tenant',
      examine({config: this.config, env: process.env, logLevel: flags['log-level']}, flags),
    )
    this.print(doctorLines(result, process.stdout.isTTY ? process.stdout.columns : undefined))
    process.exitCode = exit
    return result
  }
}
