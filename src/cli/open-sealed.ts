import {openDelivery} from '../delivery/open.ts'
import {deliver, describeSink, trySink} from '../delivery/sink.ts'
import type {Sink, SinkDeps} from '../delivery/sink.ts'

export interface Opened {
  readonly file: string
  readonly sink: string
  readonly result: 'ok' | 'failed'
  readonly detail?: string
}

/** Opens a sealed delivery and hands its secret on. The sink is tried first. @throws delivery.unreadable | sink.invalid */
export async function openSealedDelivery(file: string, keyFile: string, sink: Sink, deps: SinkDeps): Promise<Opened> {
  await trySink(sink, deps)
  const {result, detail} = await deliver(sink, await openDelivery(file, keyFile), deps)
  return {file, sink: describeSink(sink), result, ...(detail === undefined ? {} : {detail})}
}
