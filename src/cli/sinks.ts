import {parseSink} from '../delivery/sink.ts'
import type {Sink, SinkDeps} from '../delivery/sink.ts'
import type {Secret} from '../secret.ts'

/** A SINK flag with what it needs to be tried and used. @throws sink.invalid */
export function sinkFrom(
  text: string,
  env: NodeJS.ProcessEnv,
  showOnTerminal: ((secret: Secret) => Promise<void>) | undefined,
): {sink: Sink; deps: SinkDeps} {
  return {sink: parseSink(text), deps: {env, ...(showOnTerminal ? {showOnTerminal} : {})}}
}
