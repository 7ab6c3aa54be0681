import type {Account} from './account.ts'
import {ofKind, textOf} from './account.ts'

/** Who acted, with which credential, who decided and who approved. */
export interface People {
  readonly responders: readonly {
    readonly record: number
    readonly at: string
    readonly actor: string
    /** How the actor is known: a claim, unless the credential proves it. */
    readonly claimed_by: string
    readonly host: string
    readonly os_user: string
    readonly tool: string
  }[]
  readonly credentials: readonly {
    readonly record: number
    readonly at: string
    readonly client_id: string
    /** What the token proves. */
    readonly subject: string
  }[]
  readonly decisions: readonly {
    readonly record: number
    readonly at: string
    readonly question: string
    readonly answer: string
    readonly actor: string
  }[]
  readonly approvals: readonly {
    readonly record: number
    readonly at: string
    readonly by: string
    readonly via: string
    readonly plan_sha256?: string
  }[]
  readonly notes: readonly {readonly record: number; readonly at: string; readonly actor: string; readonly text: string}[]
}

export function people(account: Account): People {
  return {
    responders: ofKind(account, 'session.open').map((one) => ({
      record: one.seq,
      at: one.time,
      actor: textOf(one, 'actor') ?? 'not said',
      claimed_by: textOf(one, 'actor_source') ?? 'not said',
      host: textOf(one, 'host') ?? 'not said',
      os_user: textOf(one, 'os_user') ?? 'not said',
      tool: textOf(one, 'tool') ?? 'not said',
    })),
    credentials: ofKind(account, 'auth').map((one) => ({
      record: one.seq,
      at: one.time,
      client_id: textOf(one, 'client_id') ?? 'not said',
      subject: textOf(one, 'subject') ?? 'not said',
    })),
    decisions: ofKind(account, 'decision').map((one) => ({
      record: one.seq,
      at: one.time,
      question: textOf(one, 'question') ?? 'not said',
      answer: textOf(one, 'answer') ?? JSON.stringify(one['answer'] ?? null),
      actor: textOf(one, 'actor') ?? 'not said',
    })),
    approvals: ofKind(account, 'approval').map((one) => {
      const plan = textOf(one, 'plan_sha256')
      return {
        record: one.seq,
        at: one.time,
        by: textOf(one, 'by') ?? 'not said',
        via: textOf(one, 'via') ?? 'not said',
        ...(plan === undefined ? {} : {plan_sha256: plan}),
      }
    }),
    notes: ofKind(account, 'note').map((one) => ({
      record: one.seq,
      at: one.time,
      actor: textOf(one, 'actor') ?? 'not said',
      text: textOf(one, 'text') ?? '',
    })),
  }
}
