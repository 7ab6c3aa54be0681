import * as Args from '@oclif/core/args'

import {StanchCommand} from '../cli/base-command.ts'
import {tenantFacts} from '../cli/faq.ts'
import {connectionFlags} from '../cli/flags.ts'
import {StanchError} from '../errors.ts'
import {answerFaq} from '../incident/faq.ts'
import type {FaqEntry} from '../incident/faq.ts'
import {findFaq} from '../incident/find-faq.ts'
import {quoted} from '../untrusted.ts'

export interface FaqResult {
  /** Host of the tenant whose lifetimes stand in the answers; null when they speak of Auth0's defaults. */
  readonly tenant: string | null
  readonly answers: readonly FaqEntry[]
}

export default class Faq extends StanchCommand {
  static override summary = 'answers to what people ask when a token or secret leaked, each with the command that acts'
  static override description = `The questions of Auth0's own pages on Management API tokens. With a connection the answers name this tenant's token lifetimes;
without one, or when the tenant cannot be read, they are answered offline. Exit codes: 0 answered, 2 no such question.`
  static override examples = [
    {description: 'can it be revoked?', command: '<%= config.bin %> faq revoke-token'},
    {description: 'in words of your own', command: '<%= config.bin %> faq "what if the secret leaked"'},
  ]
  static override args = {
    question: Args.string({description: 'id of a question, or some words of it', ignoreStdin: true}),
  }
  static override flags = {...connectionFlags}

  async run(): Promise<FaqResult> {
    const {args, flags} = await this.parse(Faq)
    const {question} = args
    // An unknown question is said before anybody waits for a tenant.
    const chosen = question === undefined ? undefined : this.#choose(question)
    const {facts, unread} = await tenantFacts({config: this.config, env: process.env, logLevel: flags['log-level']}, flags)
    if (unread !== undefined) this.say(`The tenant could not be read, so these answers are general: ${unread}`)
    const all = answerFaq(facts)
    const answers = chosen === undefined ? all : all.filter((entry) => chosen.includes(entry.id))
    if (question === undefined) this.print(overview(all))
    else this.print(answers.flatMap(screen))
    return {tenant: facts?.domain ?? null, answers}
  }

  #choose(question: string): string[] {
    const found = findFaq(answerFaq(), question).map((entry) => entry.id)
    if (found.length > 0) return found
    throw new StanchError('usage.invalid', `No question fits ${quoted(question)}.`, {
      hint: `There are: ${answerFaq()
        .map((entry) => entry.id)
        .join(', ')}.`,
    })
  }
}

function overview(entries: readonly FaqEntry[]): string[] {
  const width = Math.max(...entries.map((entry) => entry.id.length)) + 2
  return [
    ...entries.map((entry) => `${entry.id.padEnd(width)}${entry.question}`),
    '',
    'Answer: stanch faq ID, or stanch faq "your words"',
  ]
}

function screen(entry: FaqEntry): string[] {
  return [
    entry.question,
    '',
    ...entry.answer,
    '',
    ...entry.commands.map((command) => `  $ ${command}`),
    '',
    ...entry.sources.map((title) => `  Source: Auth0, ${title}`),
    '',
  ]
}
