import {deliver, describeSink} from '../delivery/sink.ts'
import type {Secret} from '../secret.ts'
import type {DeliveryFact} from './act-trail.ts'
import type {HandOver, Run} from './run.ts'

/**
 * Hands a new secret to the chosen sink; when that fails, to the incident's own 0600 file, so that it is never lost.
 * `lost` stands only when neither took it.
 */
export async function handOver(
  run: Run,
  choice: HandOver,
  secret: Secret,
  fingerprint: string,
): Promise<DeliveryFact & {fell_back: boolean; detail?: string}> {
  const first = await deliver(choice.sink, secret, choice.deps)
  if (first.result === 'ok') return {sink: describeSink(choice.sink), result: 'ok', fingerprint, fell_back: false}
  run.responder.notify({
    kind: 'warning',
    text: `The new secret did not reach ${describeSink(choice.sink)}${first.detail ? `: ${first.detail}` : ''}.`,
  })
  const second = await deliver(choice.fallback, secret, choice.deps)
  if (second.result === 'ok') {
    run.responder.notify({
      kind: 'warning',
      text: `It is safe in ${describeSink(choice.fallback)}; hand it over with: stanch secret deliver --incident ${run.journal.incident}`,
    })
  }
  return {
    sink: describeSink(second.result === 'ok' ? choice.fallback : choice.sink),
    result: 'failed',
    fingerprint,
    fell_back: second.result === 'ok',
    ...(first.detail === undefined ? {} : {detail: first.detail}),
  }
}
