import {JOURNEYS} from '../../src/simulator/history/story.ts'
import {huntStory} from '../support/stories.ts'

/*
 * What the hunt finds of an attacker whose acts are known, and whom it wrongs, over seeded stories of each journey.
 * `node test/bench/recall.ts [STORIES] [FIRST SEED]`
 */

const STORIES = Number(process.argv[2] ?? 200)
const FIRST = Number(process.argv[3] ?? 1)
let passed = 0
let failed = 0

for (const journey of JOURNEYS) {
  let [entries, found, left, kept, wronged, flagged, hostile, hostileRight, right] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let seed = FIRST; seed < FIRST + STORIES; seed++) {
    const {score, result, truth} = huntStory(journey, seed)
    entries += score.attacker_entries
    found += score.found
    left += score.left_behind
    kept += score.in_inventory
    wronged += score.legitimate_called_hostile
    const attacker = new Set(truth.filter(({by}) => by === 'attacker').map(({log_id}) => log_id))
    for (const {verdict, log_ids} of result.findings) {
      if (verdict !== 'hostile' && verdict !== 'suspect') continue
      flagged += log_ids.length
      right += log_ids.filter((id) => attacker.has(id)).length
      if (verdict !== 'hostile') continue
      hostile += log_ids.length
      hostileRight += log_ids.filter((id) => attacker.has(id)).length
    }
    const good =
      score.recall === 1 &&
      score.legitimate_called_hostile === 0 &&
      score.ours_called_bad === 0 &&
      score.in_inventory === score.left_behind
    if (good) passed++
    else {
      failed++
      process.stdout.write(
        `✖ ${journey} seed ${seed}: recall ${score.recall}, hostile by mistake ${score.legitimate_called_hostile}, ours ${score.ours_called_bad}; missed: ${score.missed.join('; ')}\n`,
      )
    }
  }
  const share = (part: number, whole: number) => (whole === 0 ? 'none' : (part / whole).toFixed(4))
  process.stdout.write(
    `${journey}: ${STORIES} stories, ${entries} entries of attackers, recall ${share(found, entries)}, left behind in inventory ${kept} of ${left}, legitimate entries called hostile ${wronged}, precision of suspect and hostile ${share(right, flagged)}, of hostile ${share(hostileRight, hostile)}\n`,
  )
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
