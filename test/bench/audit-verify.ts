// What test/bench/audit.ts times: one verification of a folder. Prints the verdict and the largest resident set, kB.
import {verifyFolder} from '../../src/trail/verify-folder.ts'

const [folder = '', pass] = process.argv.slice(2)
const {ok, records, findings} = verifyFolder(folder, {}, {hashesOnly: pass === 'integrity'})
process.stdout.write(
  `${JSON.stringify({ok, records, findings: findings.map(({kind}) => kind), rss: process.resourceUsage().maxRSS})}\n`,
)
