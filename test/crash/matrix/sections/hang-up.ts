import type {Bench, Ran} from '../bench.ts'
import type {Cell} from '../cell.ts'
import {NETWORK} from '../steps.ts'
import type {NetworkStep} from '../steps.ts'
import {Guided, pause, QUESTIONS, SETTLE, strangerLauncher} from '../terminal.ts'

/** Section U: the terminal itself goes away, as when a connection breaks or a window is closed: no signal is sent by hand. */

function atQuestion(index: number): Cell {
  const question = QUESTIONS[index]!
  const last = index === QUESTIONS.length - 1
  return {
    id: `U.gone.q${index + 1}`,
    section: 'U',
    step: `question: ${question.name}`,
    fault: 'the terminal goes away',
    promised: [],
    play: async (bench) => {
      const guided = await Guided.inWindow(bench)
      const missing = await guided.answer(bench, QUESTIONS.slice(0, index))
      if (missing === undefined && (await guided.shows(question.shows))) guided.hangUp()
      return ended(bench, guided)
    },
    also: ({ran, front}) => {
      const changed = front.arrived.some((one) => one.session === 0 && one.changing)
      if (changed !== last) return last ? 'the last question was never reached' : 'something was changed at a question'
      // At the last question all is done: whoever leaves it has answered no.
      return ran[0]?.code === 130 || (last && ran[0]?.code === 0) ? undefined : leftWith(ran[0])
    },
  }
}

/** While a request is under way: that one is finished, and nothing more is changed. */
function atStep(step: NetworkStep): Cell {
  return {
    id: `U.gone.${step}`,
    section: 'U',
    step,
    fault: 'the terminal goes away',
    promised: [],
    play: async (bench) => {
      const guided = await Guided.inWindow(bench)
      goneAt(bench, step, guided)
      await guided.answer(bench, QUESTIONS)
      return ended(bench, guided)
    },
    also: ({ran, front}) => {
      if (ran[0]?.code !== 130) return leftWith(ran[0])
      const later = front.arrived.find(
        (one) => one.session === 0 && one.changing && Number(one.step.slice(1)) > Number(step.slice(1)),
      )
      return later ? `${later.method} ${later.path} was sent after it` : undefined
    },
  }
}

/** Nobody is asked and no signal comes, because the terminal is not its own: it goes on, and what it writes goes nowhere. */
function unattended(step: NetworkStep): Cell {
  return {
    id: `U.gone.unattended.${step}`,
    section: 'U',
    step,
    fault: 'a terminal that is only written to goes away',
    promised: [],
    play: async (bench) => {
      const words = bench.words.filter((word) => word !== '--json')
      const argv = ['respond', '--leak', bench.kind, '--client', bench.client, '--reason', 'fault matrix', ...words]
      const guided = await Guided.inWindow(bench, {launcher: strangerLauncher(), argv})
      goneAt(bench, step, guided)
      return ended(bench, guided)
    },
    also: ({ran, front}) => {
      const again = front.arrived.some((one) => one.session > 0 && one.changing)
      if (again) return 'the resume had to change something'
      return ran[0]?.code === 0 ? undefined : leftWith(ran[0])
    },
  }
}

function goneAt(bench: Bench, step: NetworkStep, guided: Guided): void {
  let gone = false
  bench.front.acts.push(async ({seen}): Promise<'pass'> => {
    if (gone || seen.step !== step) return 'pass'
    gone = true
    guided.hangUp()
    await pause(SETTLE)
    return 'pass'
  })
}

async function ended(bench: Bench, guided: Guided): Promise<Ran> {
  const ran = await guided.ended()
  bench.ran.push(ran)
  return ran
}

function leftWith(ran: Ran | undefined): string {
  return `exit ${ran?.code} ${ran?.signal ?? ''}, 130 wanted: ${ran?.stdout.slice(-300)}`
}

export const hangUps: readonly Cell[] = [
  ...QUESTIONS.map((_, index) => atQuestion(index)),
  ...NETWORK.map(atStep),
  ...(['n5', 'n6', 'n7'] as const).map(unattended),
]
