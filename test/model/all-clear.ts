import {judgeHistory} from '../support/exposure-history.ts'

/*
 * Holds the all clear against 100,000 made histories of tenants (or as many as the first argument says, from the seed of
 * the second): never earlier than the last token that lives, never later than the rule, no exception. Ends with "N passed, N failed".
 */

const histories = Number(process.argv[2] ?? 100_000)
const first = Number(process.argv[3] ?? 1)
let passed = 0
let failed = 0
let assumed = 0
let older = 0
let clear = 0
for (let seed = first; seed < first + histories; seed++) {
  try {
    const judged = judgeHistory(seed)
    passed += 1
    if (judged.assumed) assumed += 1
    if (judged.older) older += 1
    if (judged.exposure.all_clear.state === 'clear') clear += 1
  } catch (error) {
    failed += 1
    if (failed <= 20) console.log(`FAIL ${(error as Error).message}`)
  }
}
console.log(
  `seeds ${first} to ${first + histories - 1}: ${clear} were clear when asked, ${assumed} had to assume a lifetime, ${older} had to count with 30 days for what was issued before their log began`,
)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
