import type {Bench, Ran} from '../bench.ts'
import type {Cell} from '../cell.ts'
import type {Injected} from '../faults.ts'
import {NETWORK} from '../steps.ts'
import type {NetworkStep} from '../steps.ts'
import {faultyLauncher, Guided, pause, QUESTIONS, SETTLE} from '../terminal.ts'
import {httpFaults} from './http.ts'
import {killedOnTheWire} from './kill.ts'

/** Section U: a person in a terminal, and the same faults. What is resumed afterwards is resumed unattended. */

/** Faults after which somebody has to look; with and without the effect. */
const LOST = ['E6', 'E8', 'E19', 'E21', 'E25', 'E26', 'E29', 'E31']

async function attended(bench: Bench, injected: Injected | undefined, begun?: (guided: Guided) => void): Promise<Ran> {
  const guided = new Guided(bench, injected === undefined ? {} : {env: bench.fault(injected), launcher: faultyLauncher()})
  bench.attend({pid: guided.pid, kill: () => guided.kill()})
  begun?.(guided)
  await guided.answer(bench, QUESTIONS)
  const ran = await guided.ended()
  bench.attend(undefined)
  bench.ran.push(ran)
  return ran
}

function inTerminal(cell: Cell): Cell {
  const {arm, promised} = cell
  const also = promised.includes('KEEP') ? {also: killed} : {}
  return {
    id: `U.${cell.id}`,
    section: 'U',
    step: cell.step,
    fault: cell.fault,
    // The promises are judged by a document, and a screen is none: what was sent and what stands in the trail remains.
    promised: promised.includes('READ') ? ['READ'] : [],
    play: (bench) => attended(bench, arm?.(bench) ?? undefined),
    ...also,
  }
}

function killed({ran}: Bench): string | undefined {
  return ran[0]?.signal === 'signal 9' ? undefined : `the process was not ended: exit ${ran[0]?.signal ?? ran[0]?.code}`
}

/** While a request is under way: Ctrl-C is typed, or the terminal goes away. That one request is finished, and nothing more is changed. */
function leftAt(step: NetworkStep, how: 'Ctrl-C' | 'hang-up'): Cell {
  return {
    id: `U.${how}.${step}`,
    section: 'U',
    step,
    fault: `${how} in the terminal`,
    promised: [],
    play: (bench) =>
      attended(bench, undefined, (guided) => {
        let left = false
        bench.front.acts.push(async ({seen}): Promise<'pass'> => {
          if (left || seen.step !== step) return 'pass'
          left = true
          if (how === 'Ctrl-C') guided.type('\u0003')
          else process.kill(guided.pid, 'SIGHUP')
          await pause(SETTLE)
          return 'pass'
        })
      }),
    also: ({ran, front}) => {
      const first = ran[0]
      if (first?.code !== 130) return `exit ${first?.signal ?? first?.code}, 130 wanted`
      const later = front.arrived.find(
        (one) => one.session === 0 && one.changing && Number(one.step.slice(1)) > Number(step.slice(1)),
      )
      return later ? `${later.method} ${later.path} was sent after it` : undefined
    },
  }
}

export const guidedRoad: readonly Cell[] = [
  ...killedOnTheWire,
  ...httpFaults(['n5', 'n6']).filter(({id}) => LOST.some((fault) => id.replace('-applied', '').endsWith(`.${fault}`))),
]
  .map(inTerminal)
  .concat(NETWORK.flatMap((step) => [leftAt(step, 'Ctrl-C'), leftAt(step, 'hang-up')]))
