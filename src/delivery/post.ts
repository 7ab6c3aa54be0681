import {StanchError, systemCode} from '../errors.ts'
import {quoted} from '../untrusted.ts'

const SECONDS = 30

/**
 * Posts bytes that are no secret to an address that the responder named, and gives back the answer. No redirect is
 * followed, no credential is sent.
 *
 * @param types `takes`: the only type of answer that counts; undefined takes every successful one
 * @param bytes largest answer that is taken
 * @throws usage.invalid for what is no http address; delivery.failed when no usable answer came
 */
export async function post(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  types: {readonly sends: string; readonly takes: string | undefined},
  bytes: number,
): Promise<Buffer> {
  const target = URL.canParse(url) ? new URL(url) : undefined
  if (!target || !['http:', 'https:'].includes(target.protocol) || target.username !== '' || target.password !== '') {
    throw new StanchError('usage.invalid', `${quoted(url, 120)} is no http address without a user in it.`)
  }
  let answer: Response
  try {
    answer = await fetch(target, {
      method: 'POST',
      body,
      headers: {'content-type': types.sends, accept: types.takes ?? '*/*'},
      redirect: 'error',
      signal: AbortSignal.timeout(SECONDS * 1000),
    })
  } catch (error) {
    const cause = systemCode((error as {cause?: unknown}).cause) ?? (error as Error).name
    throw new StanchError('delivery.failed', `${target.host} gave no answer (${cause}).`)
  }
  const type = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const good = types.takes === undefined ? answer.ok : answer.status === 200 && type === types.takes
  if (!good) {
    await answer.body?.cancel()
    throw new StanchError(
      'delivery.failed',
      `${target.host} answered ${answer.status} ${quoted(type ?? 'without a type', 60)}, not ${types.takes ?? 'a success'}.`,
    )
  }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    size += part.length
    if (size > bytes) throw new StanchError('delivery.failed', `${target.host} answered more than ${bytes} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
