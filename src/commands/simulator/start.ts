import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

import {StanchCommand} from '../../cli/base-command.ts'
import {practiceLines, startPractice} from '../../cli/practice.ts'

export default class StartSimulator extends StanchCommand {
  static override summary = 'run the embedded Auth0 tenant on loopback until Ctrl-C, to practise on or to test against'
  static override description = `Prints what connects to it. With --json one document is printed when it is ready.
Every change is refused unless its intent is in this machine's simulated trail; other programs need --no-intent-check.`
  static override examples = [
    {description: 'a leaked client secret, to practise by hand', command: '<%= config.bin %> simulator start'},
    {
      description: 'for the tests of another program',
      command: '<%= config.bin %> simulator start management-token --port 8484 --no-intent-check --json',
    },
    {
      description: 'over TLS, where the answer to the rotation is lost',
      command: `<%= config.bin %> simulator start --tls --fault '{"on":"client_secret.rotate","do":"lose_answer"}'`,
    },
  ]
  static override args = {
    scenario: Args.string({
      description: 'what happened: client-secret, management-token, user-grant, third-party-default, private-key, missing-scope',
      default: 'client-secret',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    port: Flags.integer({summary: 'port on 127.0.0.1; default any free one', min: 1, max: 65_535}),
    tls: Flags.boolean({summary: 'speak https, with a certificate made for this run'}),
    'rate-plan': Flags.option({
      options: ['free', 'paid', 'enterprise'] as const,
      default: 'enterprise' as const,
      summary: 'whose rate limits',
    })(),
    'round-trip': Flags.integer({
      summary: 'delay of each answer, milliseconds',
      default: 0,
      min: 0,
      max: 60_000,
      helpValue: 'MS',
    }),
    'no-intent-check': Flags.boolean({summary: 'take changes that no trail announces'}),
    seed: Flags.integer({summary: 'same seed, same tenant', min: 0, max: 2_147_483_647}),
    fault: Flags.string({
      summary: 'a fault as JSON; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'JSON',
    }),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(StartSimulator)
    const practice = await startPractice(
      {config: this.config, env: process.env, logLevel: flags['log-level']},
      {
        scenario: args.scenario,
        port: flags.port,
        tls: flags.tls,
        plan: flags['rate-plan'],
        round_trip_ms: flags['round-trip'],
        intent_check: !flags['no-intent-check'],
        seed: flags.seed,
        faults: flags.fault ?? [],
      },
    )
    const ended = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
    })
    if (this.jsonEnabled()) this.logJson(practice.about)
    else this.print(practiceLines(practice))
    await ended
    await practice.stop()
    this.say('SIMULATED tenant stopped.')
  }
}
