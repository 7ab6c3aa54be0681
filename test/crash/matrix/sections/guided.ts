import type {Bench, Ran} from '../bench.ts'
import type {Cell} from '../cell.ts'
import type {Injected} from '../faults.ts'
import {faultyLauncher, Guided, QUESTIONS} from '../terminal.ts'
import {httpFaults} from './http.ts'
import {killedOnTheWire} from './kill.ts'

/** Section U: a person in a terminal, and the same faults. What is resumed afterwards is resumed unattended. */

/** Faults after which somebody has to look; with and without the effect. */
const LOST = ['E6', 'E8', 'E19', 'E21', 'E25', 'E26', 'E29', 'E31']

async function attended(bench: Bench, injected: Injected | undefined): Promise<Ran> {
  const guided = new Guided(bench, injected === undefined ? {} : {env: bench.fault(injected), launcher: faultyLauncher()})
  bench.attend({pid: guided.pid, kill: () => guided.kill()})
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

export const guidedRoad: readonly Cell[] = [
  ...killedOnTheWire,
  ...httpFaults(['n5', 'n6']).filter(({id}) => LOST.some((fault) => id.replace('-applied', '').endsWith(`.${fault}`))),
].map(inTerminal)
