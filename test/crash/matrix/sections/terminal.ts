import type {Bench, Ran} from '../bench.ts'
import type {Cell} from '../cell.ts'
import {NETWORK} from '../steps.ts'
import type {NetworkStep} from '../steps.ts'
import {deafLauncher, Guided, pause, QUESTIONS, SETTLE} from '../terminal.ts'

/** Section H: signals at each question and each request, and terminals that are none or poor. */

const SIGNALS = ['INT', 'TERM', 'HUP', 'TSTP and CONT', 'INT twice'] as const
type SignalName = (typeof SIGNALS)[number]

async function send(name: SignalName, pid: number, ctrlC?: () => void): Promise<void> {
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended already.
    }
  }
  switch (name) {
    case 'INT':
      return ctrlC ? ctrlC() : kill('SIGINT')
    case 'INT twice':
      if (ctrlC) ctrlC()
      else kill('SIGINT')
      await pause(SETTLE)
      return ctrlC ? ctrlC() : kill('SIGINT')
    case 'TERM':
      return kill('SIGTERM')
    case 'HUP':
      return kill('SIGHUP')
    case 'TSTP and CONT':
      // A process without a shell above it is not stopped by TSTP alone.
      kill('SIGTSTP')
      kill('SIGSTOP')
      await pause(SETTLE)
      return kill('SIGCONT')
  }
}

/**
 * What a shell says of a process: one that ended by SIGINT is 130, too. While Node takes itself down, after all is said and
 * the trail is closed, nobody can handle a second Ctrl-C any more.
 */
function status(signal: SignalName, ran: Ran | undefined): number | undefined {
  return signal === 'INT twice' && /^(SIGINT|signal 2)$/.test(ran?.signal ?? '') ? 130 : ran?.code
}

function atQuestion(index: number, signal: SignalName): Cell {
  const question = QUESTIONS[index]!
  const last = index === QUESTIONS.length - 1
  return {
    id: `H.q${index + 1}.${signal.replaceAll(' ', '-')}`,
    section: 'H',
    step: `question: ${question.name}`,
    fault: signal,
    promised: [],
    play: async (bench) => {
      const guided = new Guided(bench)
      const missing = await guided.answer(bench, QUESTIONS.slice(0, index))
      const asked = missing === undefined && (await guided.shows(question.shows))
      if (asked) await send(signal, guided.pid, () => guided.type('\u0003'))
      if (signal === 'TSTP and CONT') {
        // It is still the same question: Ctrl-C ends it as if nothing had been.
        await pause(SETTLE)
        guided.type('\u0003')
      }
      const ran = await guided.ended()
      bench.ran.push(ran)
      return ran
    },
    also: ({ran, front}) => {
      const first = ran[0]
      const changed = front.arrived.filter((one) => one.session === 0 && one.changing).length
      if (!last && changed > 0) return 'something was changed at a question'
      if (first?.signal === 'did not end') return 'the program stayed at its question'
      // At the last question all is done: whoever leaves it has answered no.
      if (last) return [0, 130].includes(status(signal, first) ?? -1) ? undefined : `exit ${first?.code}`
      return status(signal, first) === 130 ? undefined : `exit ${first?.code} ${first?.signal ?? ''}, 130 wanted`
    },
  }
}

function atStep(step: NetworkStep, signal: SignalName): Cell {
  const goesOn = signal === 'TSTP and CONT'
  const leaves = signal === 'INT twice'
  return {
    id: `H.${step}.${signal.replaceAll(' ', '-')}`,
    section: 'H',
    step,
    fault: signal,
    promised: goesOn ? ['OK'] : [],
    ...(leaves ? {exempt: {I11: 'whoever leaves at once gets no document'}} : {}),
    arm: (bench) => {
      let sent = false
      bench.front.acts.push(async ({seen}): Promise<'pass'> => {
        if (sent || seen.step !== step) return 'pass'
        sent = true
        await send(signal, bench.child?.pid ?? 0)
        await pause(SETTLE)
        return 'pass'
      })
    },
    also: (bench) => {
      const first = bench.ran[0]
      if (goesOn) return undefined
      if (status(signal, first) !== 130) return `exit ${first?.signal ?? first?.code}, 130 wanted`
      const later = bench.front.arrived.filter(
        (one) => one.session === 0 && one.changing && Number(one.step.slice(1)) > Number(step.slice(1)),
      )
      return later.length === 0 ? undefined : `${later[0]?.method} ${later[0]?.path} was sent after the interrupt`
    },
  }
}

interface Surrounding {
  readonly env?: Record<string, string>
  readonly columns?: number
  readonly noTerminal?: boolean
  readonly deaf?: boolean
  readonly stdin?: 'close'
}

const SURROUNDINGS: Readonly<Record<string, Surrounding>> = {
  'stdin is no terminal': {noTerminal: true, stdin: 'close'},
  'stdin closed': {noTerminal: true},
  'stdout closed': {deaf: true},
  'TERM=dumb': {env: {TERM: 'dumb'}},
  'no TERM': {env: {TERM: ''}},
  'NO_COLOR': {env: {NO_COLOR: '1'}},
  'LANG=C': {env: {LANG: 'C', LC_ALL: 'C'}},
  'tr_TR': {env: {LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8'}},
  '20 columns': {columns: 20, env: {COLUMNS: '20'}},
  'FORCE_COLOR': {env: {FORCE_COLOR: '1'}},
}

const FLOWS = ['guided', 'unattended', 'json'] as const

function surrounded(name: string, around: Surrounding, flow: (typeof FLOWS)[number]): Cell {
  const refuses = flow === 'guided' && around.noTerminal === true
  return {
    id: `H.${name.replaceAll(/[ =]/g, '-')}.${flow}`,
    section: 'H',
    step: flow,
    fault: name,
    promised: [],
    play: async (bench) => play(bench, around, flow),
    ...(around.deaf ? {exempt: {I11: 'nobody read what was printed'}} : {}),
    also: (bench) => {
      const first = bench.ran[0]
      if (refuses) {
        const asked = bench.front.arrived.some((one) => one.session === 0 && one.changing)
        const told = `${first?.stdout} ${first?.stderr}`
        if (asked || first?.code !== 2) return `without a terminal: exit ${first?.code}`
        return /--[a-z]/.test(told) ? undefined : 'no flag is named that would help'
      }
      if (first?.code !== 0)
        return `exit ${first?.signal ?? first?.code}: ${first?.stderr.slice(-200)} ${first?.stdout.slice(-200)}`
      // oxlint-disable-next-line no-control-regex
      const moves = /\u001b/.test(flow === 'guided' ? '' : first.stdout + (around.env?.['FORCE_COLOR'] ? '' : first.stderr))
      return moves ? 'escape sequences went into a pipe' : undefined
    },
  }
}

async function play(bench: Bench, around: Surrounding, flow: (typeof FLOWS)[number]): Promise<Ran> {
  const env = around.env ?? {}
  if (flow === 'guided' && !around.noTerminal) {
    const guided = new Guided(bench, {
      env,
      ...(around.columns === undefined ? {} : {columns: around.columns}),
      ...(around.deaf ? {launcher: deafLauncher()} : {}),
    })
    await guided.answer(bench, QUESTIONS)
    const ran = await guided.ended()
    bench.ran.push(ran)
    return ran
  }
  if (flow === 'guided') return bench.run(['respond'], {env, ...(around.stdin ? {stdin: around.stdin} : {})})
  const words = ['respond', '--leak', 'client-secret', '--client', bench.client, '--reason', 'matrix', ...bench.words]
  const argv = flow === 'json' ? words : words.filter((word) => word !== '--json')
  return bench.run(argv, {env, ...(around.stdin ? {stdin: around.stdin} : {}), ...(around.deaf ? {deaf: true} : {})})
}

export const terminals: readonly Cell[] = [
  ...QUESTIONS.flatMap((_, index) => SIGNALS.map((signal) => atQuestion(index, signal))),
  ...NETWORK.flatMap((step) => SIGNALS.map((signal) => atStep(step, signal))),
  ...Object.entries(SURROUNDINGS).flatMap(([name, around]) => FLOWS.map((flow) => surrounded(name, around, flow))),
]
