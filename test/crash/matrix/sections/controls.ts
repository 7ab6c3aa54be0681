import type {Bench} from '../bench.ts'
import type {Cell} from '../cell.ts'

/** Two cells beside the plan's 836, for negative controls whose fault shows at no point of the main flow. */

const HOSTILE = 'billing\u001b]0;owned\u0007\u001b[2Jsync\u202e'

function shownAsText({ran}: Bench): string | undefined {
  // oxlint-disable-next-line no-control-regex
  const raw = ran.some(({stdout, stderr}) => /[\u0000-\u0008\u000b-\u001f\u007f\u202e]/.test(stdout + stderr))
  return raw ? 'a control character of the tenant was printed' : undefined
}

export const controls: readonly Cell[] = [
  {
    id: 'X.hostile-name',
    section: 'F',
    step: 'report',
    fault: 'the name of the client moves the cursor',
    promised: [],
    play: (bench) => {
      const client = bench.front.tenant.world.clients.get(bench.client)
      if (client) client.wire = {...client.wire, name: HOSTILE}
      const words = bench.words.filter((word) => word !== '--json')
      return bench.run(['respond', '--leak', 'client-secret', '--client', bench.client, '--reason', 'matrix', ...words])
    },
    also: shownAsText,
  },
  {
    id: 'X.own-client',
    section: 'F',
    step: 'n2',
    fault: 'the client that leaked is the one that stanch is signed in with',
    promised: ['REFUSE'],
    play: (bench) => {
      const own = bench.front.practice.operator.client_id
      return bench.run(['respond', '--leak', 'client-secret', '--client', own, '--reason', 'matrix', ...bench.words])
    },
  },
]
