/* The program of a `Window`: opens a pseudo terminal, starts the program in it and holds the other end until it is told to close it. */
import pty from '@lydell/node-pty'

import type {Opened, Order, Told} from './window.ts'

const {file, args, cols, rows, env} = JSON.parse(process.argv[2] ?? '{}') as Opened
const tell = (told: Told) => process.send?.(told)

const child = pty.spawn(file, [...args], {name: env['TERM'] ?? 'xterm-256color', cols, rows, cwd: '/', env})
tell({pid: child.pid})
child.onData((data) => tell({data}))
child.onExit(({exitCode, signal}) => {
  tell({code: exitCode, signal})
  process.disconnect()
})
process.on('message', (order: Order) => {
  if ('type' in order) child.write(order.type)
  else if ('kill' in order) child.kill(order.kill)
  // its own `destroy` would send a signal by hand
  else (child as unknown as {readonly _socket: {destroy(): void}})._socket.destroy()
})
process.on('disconnect', () => process.exit())
