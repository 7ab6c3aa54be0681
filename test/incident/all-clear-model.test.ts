import {ok} from 'node:assert/strict'
import {test} from 'node:test'

import {judgeHistory} from '../support/exposure-history.ts'

/** The whole of it runs as `node test/model/all-clear.ts`. */
test('3,000 made histories: the all clear is never before the last token that lives, never later than the rule', () => {
  let clear = 0
  let assumed = 0
  for (let seed = 1; seed <= 3000; seed++) {
    const judged = judgeHistory(seed)
    if (judged.exposure.all_clear.state === 'clear') clear += 1
    if (judged.assumed) assumed += 1
  }
  ok(clear > 300, `${clear} were clear`)
  ok(assumed > 300 && assumed < 2700, `${assumed} had to assume`)
})
