import {blobsOf} from '../trail/format/blobs.ts'
import {parseCheckpoint} from '../trail/format/checkpoint.ts'
import type {SliceFiles} from '../trail/format/slice.ts'
import {parseVkey} from '../trail/format/vkey.ts'
import type {Account} from './account.ts'
import {checksums, manifestJson} from './bundle-manifest.ts'
import type {Withheld} from './bundle-manifest.ts'
import {readmeText} from './bundle-readme.ts'
import {evidencePage} from './html/evidence-page.ts'
import {htmlReport} from './html/page.ts'
import {markdownReport} from './markdown.ts'
import {pageDataScript} from './page-data.ts'
import {incidentReport} from './report.ts'
import type {View} from './report-views.ts'
import {questionsText} from './questions.ts'
import type {ArchiveFile} from './ustar.ts'

export interface BundleParts {
  readonly account: Account
  readonly slice: SliceFiles
  /** The slice verifies, and nothing in it is left open. */
  readonly complete: boolean
  /** Evidence in its blinded form where there is one, by SHA-256. */
  readonly evidence: ReadonlyMap<string, Uint8Array>
  readonly withheld: readonly Withheld[]
  /** Who holds what is withheld. */
  readonly holder: string
  /** Of the report. */
  readonly view: View
  /** Scripts of the pages, as they were built. */
  readonly scripts: {readonly report: string; readonly evidence: string}
  /** Text of verify.py. */
  readonly verifier: string
}

/**
 * All files of an evidence bundle, sorted by path, the checksums last. Pure: the same incident state gives the same bytes.
 */
export function bundleFiles(parts: BundleParts): ArchiveFile[] {
  const {account, slice} = parts
  const report = incidentReport(account, parts.view)
  const texts: Record<string, string | Uint8Array> = {
    'slice.jsonl': slice.records,
    'slice.proof': slice.proofs,
    ...(slice.consistency ? {'slice.consistency': slice.consistency} : {}),
    'checkpoint': slice.checkpoint,
    ...checkpointCopies(slice.checkpoint, account.log.vkey),
    'report.md': markdownReport(report),
    'report.html': htmlReport(report, parts.scripts.report),
    'evidence.html': evidencePage(account),
    'page/data.js': pageDataScript(slice),
    'page/evidence.js': parts.scripts.evidence,
    'QUESTIONS.md': questionsText(account),
    'README.md': readmeText(account, {
      complete: parts.complete,
      hasEvidence: parts.evidence.size > 0,
      withheld: parts.withheld,
    }),
    'verify.py': parts.verifier,
  }
  const plan = account.state.plan === undefined ? undefined : parts.evidence.get(account.state.plan.evidence)
  if (plan) texts['plan.json'] = plan
  for (const [sha256, bytes] of parts.evidence) texts[`evidence/${sha256}`] = bytes
  const files = filesOf(texts)
  const described = [...files, ...filesOf({'manifest.json': manifestJson(account, files, parts.withheld, parts.holder)})]
  return [...described, ...filesOf({'MANIFEST.sha256': checksums(described)})]
}

/** The parts of the checkpoint that tools without a parser for signed notes need. */
function checkpointCopies(text: string, vkeyText: string): Record<string, string | Uint8Array> {
  const checkpoint = parseCheckpoint(text)
  const vkey = parseVkey(vkeyText)
  const signature = checkpoint.signatures.find(({name, id}) => name === vkey.name && id === vkey.id)
  return {
    'checkpoint.body': checkpoint.body,
    ...(signature ? {'checkpoint.sig': signature.data} : {}),
    'identity.pub.pem': vkey.key.export({type: 'spki', format: 'pem'}),
  }
}

function filesOf(texts: Readonly<Record<string, string | Uint8Array>>): ArchiveFile[] {
  return Object.entries(texts)
    .map(([path, content]) => ({path, bytes: typeof content === 'string' ? Buffer.from(content, 'utf8') : content}))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** SHA-256 of every blob that the records of an account name, in their order, each once. */
export function namedBlobs(account: Pick<Account, 'records'>): string[] {
  return [...new Set(account.records.flatMap((record) => blobsOf(record)))]
}
