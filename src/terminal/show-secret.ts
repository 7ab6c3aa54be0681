import {StanchError} from '../errors.ts'
import type {Secret} from '../secret.ts'
import {printable} from '../untrusted.ts'
import {requireTerminal, type Terminal} from './prompter.ts'
import {canMove} from './style.ts'

const ENTER_ALTERNATE = '\u001b[?1049h\u001b[2J\u001b[H'
const LEAVE_ALTERNATE = '\u001b[2J\u001b[H\u001b[?1049l'

/** True when a secret can be shown so that it leaves no trace on the screen or in the scrollback. */
export function canShowOnce({input, output, env}: Terminal): boolean {
  return input.isTTY === true && canMove(output, env)
}

/** The stream that is the terminal itself: standard error, or standard output where that was redirected. */
export function terminalDevice(stderr: NodeJS.WriteStream, stdout: NodeJS.WriteStream): NodeJS.WriteStream | undefined {
  return [stderr, stdout].find((stream) => stream.isTTY)
}

/**
 * Shows a secret on the terminal's other screen until Enter is pressed, then wipes it. It goes nowhere else: not to a
 * pipe, a file or the scrollback. Ctrl-C and a hang-up wipe it too and reject with `interrupted`, because nobody said
 * that it was taken.
 */
export async function showSecretOnce(secret: Secret, title: string, terminal: Terminal): Promise<void> {
  requireTerminal(terminal)
  if (!canShowOnce(terminal)) {
    throw new StanchError('usage.no_terminal', 'This terminal has no second screen, so a secret would stay on it.', {
      hint: 'Use file:, exec: or sealed: instead of prompt.',
    })
  }
  const {input, output} = terminal
  const wipe = () => void output.write(LEAVE_ALTERNATE)
  process.once('exit', wipe)
  try {
    // not printable(): what is copied must be the secret itself; a character that a terminal would obey is refused
    const value = secret.reveal()
    if (printable(value, value.length) !== value)
      throw new StanchError('delivery.failed', 'The secret has characters that a terminal would obey.')
    // keys are ours before the secret is there: Ctrl-C in the moment between would end us with it on the screen
    const answered = enter(input)
    output.write(
      `${ENTER_ALTERNATE}${printable(title, 78)}\r\n\r\n${value}\r\n\r\nCopy it now. Enter wipes this screen; it is not shown again.\r\n`,
    )
    await answered
  } finally {
    process.off('exit', wipe)
    wipe()
  }
}

function enter(input: NodeJS.ReadStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const wasRaw = input.isRaw
    const finish = (settle: () => void) => {
      input.off('data', data).off('end', gone).off('close', gone)
      input.setRawMode(wasRaw)
      input.pause()
      settle()
    }
    const gone = () => finish(() => reject(new StanchError('interrupted', 'Interrupted while the secret was shown.')))
    const data = (chunk: Buffer | string) => {
      for (const key of chunk.toString()) {
        if (key === '\r' || key === '\n') return finish(resolve)
        if (key === '\u0003' || key === '\u0004') return gone()
      }
    }
    input.setRawMode(true)
    input.on('data', data).once('end', gone).once('close', gone)
    input.resume()
  })
}
