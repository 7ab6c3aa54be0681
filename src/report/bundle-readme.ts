import type {Account} from './account.ts'
import type {Withheld} from './bundle-manifest.ts'
import {CORRELATION_QUERY} from './correlation.ts'
import {code} from './markdown-text.ts'

/** Largest number of the incident's intents that the page needs: one, to show how its correlation id is computed. */
function exampleIntent(account: Account): {seq: number; corr: string} | undefined {
  const outcome = account.records.find((record) => record.kind === 'outcome')
  const {intent, corr} = {intent: outcome?.['intent'], corr: outcome?.['corr']}
  return typeof intent === 'number' && typeof corr === 'string' ? {seq: intent, corr} : undefined
}

/** How the time stamps among the anchors are checked: each is of the three lines of an older state. */
function stampText(account: Account): string {
  const stamps = account.records.filter((record) => record.kind === 'anchor' && record['type'] === 'rfc3161').slice(-3)
  if (stamps.length === 0) return ''
  const lines = stamps.map((record) => {
    const root = Buffer.from(String(record['root']), 'hex').toString('base64')
    const body = `printf '%s\\n' '${account.log.origin}' ${Number(record['size'])} ${root}`
    return `openssl ts -verify -digest $(${body} | sha256sum | cut -c1-64) -in evidence/${String(record['receipt_sha256'])} -CAfile tsa.pem`
  })
  return `\nTime stamps of third parties (\`tsa.pem\`: certificates that you trust):\n\n${lines.map((line) => `    ${line}\n`).join('')}`
}

export interface ReadmeFacts {
  readonly complete: boolean
  readonly hasEvidence: boolean
  readonly withheld: readonly Withheld[]
}

/** One page: how a stranger checks the bundle with openssl, sha256sum, jq and Python's standard library. */
export function readmeText(account: Account, {complete, hasEvidence, withheld}: ReadmeFacts): string {
  const {state, log, mode} = account
  const example = exampleIntent(account)
  return `# Evidence of incident ${state.incident_id}

${mode === 'sim' ? '**SIMULATED**: made by a drill or on a practice tenant. ' : ''}Tenant ${code(state.tenant)}. ${
    complete
      ? 'The incident is closed and its record is complete: expect VERIFIED.'
      : 'The incident was not closed, something in it has no answer yet, or evidence is missing: expect VERIFIED BUT INCOMPLETE.'
  } Nothing here is secret; treat it as confidential all the same.
${withheld.length === 0 ? '' : '\nEvidence that held identifiers of end users is a blinded copy: the same value has the same keyed fingerprint. The words of\nthe records and the plan are as they were signed.\n'}
\`slice.jsonl\` holds the records as they were signed, \`evidence/\` what they refer to by SHA-256. \`report.md\` and
\`QUESTIONS.md\` are made from these and prove nothing by themselves. \`manifest.json\` says what each file is, when it was
collected and by which record${withheld.length === 0 ? '' : `, and which ${withheld.length} original(s) are withheld, with their holder`}.

\`report.html\` is the report as a page, \`evidence.html\` a page that checks records, proofs and signatures in a browser and
turns red at the record that was changed: a look, not a proof, since it came with the bundle. Both load nothing.

## Check it

Needs a POSIX shell, sha256sum, OpenSSL 3, jq, Python 3. In this folder:

\`\`\`sh
# From the team's roster, not from here. These are what the bundle claims:
VKEY='${log.vkey}'
FIRST=${log.first}

# 1 the files are those of the manifest
sha256sum -c --quiet --strict MANIFEST.sha256

# 2 the records are in canonical form
jq -c . slice.jsonl | cmp - slice.jsonl

# 3 the checkpoint is signed by the key of the roster
head -n 3 checkpoint | cmp - checkpoint.body
printf %s "$VKEY" | cut -d+ -f3- | base64 -d | tail -c 32 > "\${TMPDIR:-/tmp}/key.$$"
openssl pkey -pubin -in identity.pub.pem -outform DER | tail -c 32 | cmp - "\${TMPDIR:-/tmp}/key.$$"
rm "\${TMPDIR:-/tmp}/key.$$"
openssl pkeyutl -verify -pubin -inkey identity.pub.pem -rawin -in checkpoint.body -sigfile checkpoint.sig

# 4 every record is in the signed tree (RFC 9162, 2.1.3.2)
python3 - <<'PROOF'
import base64, hashlib, json
def h(b): return hashlib.sha256(b).digest()
body = open("checkpoint.body").read().split()
size, root = int(body[1]), base64.b64decode(body[2])
records = open("slice.jsonl", "rb").read().splitlines()
proofs = open("slice.proof").read().splitlines()
assert len(records) == len(proofs) > 0, "there is not one proof for each record"
last, due = -1, 0
for record, proof in zip(records, proofs):
    index, *path = proof.split(" ")
    fn, sn, r = int(index), size - 1, h(b"\\0" + record)
    for p in map(base64.b64decode, path):
        assert sn > 0 and len(p) == 32, "record " + index + " has no path of this tree"
        if fn & 1 or fn == sn:
            r = h(b"\\1" + p + r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = h(b"\\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and r == root, "record " + index + " is not in the signed tree"
    record = json.loads(record)
    assert last < record["seq"] == int(index), "record " + index + " is not in its place"
    last = record["seq"]
    if record.get("inc") == "${state.incident_id}":
        assert record["iseq"] == due, "record %s is number %s of the incident, %s is due" % (index, record["iseq"], due)
        due += 1
print(len(records), "records are in the signed tree of size", size, "and none of the incident's first", due, "is left out")
PROOF

# 5 each piece of evidence has the hash that is its name, by which records refer to it
${hasEvidence ? '(cd evidence && for f in *; do echo "$f  $f"; done | sha256sum -c --quiet --strict)' : '# (no record names any)'}

# 6 all of this, the rules between records, and what of the evidence is absent; exit ${complete ? '0' : '3'} is what to expect
python3 verify.py . --vkey "$VKEY" --first "$FIRST"
\`\`\`

Steps 1 to 5 rest on this page and the tools of your system. \`verify.py\` is worth what its source is worth: take it from
a stanch that you trust (\`dist/verify.py\`) when you doubt this one. The records of an incident are numbered, so that none
before the last one here can be left out unseen.

## Look into it

\`\`\`sh
# what happened
jq -r 'select(.inc=="${state.incident_id}")|[.iseq,.time,.kind,.action//"",.result//.verdict//""]|@tsv' slice.jsonl
${
  example === undefined
    ? ''
    : `# the correlation id of a request is the hash of its intent: these two are equal
{ printf '\\0'; jq -cj 'select(.seq==${example.seq})' slice.jsonl; } | sha256sum | cut -c1-56
echo ${example.corr.replace('stanch-', '')}
# in your own archive of tenant logs look for these, under references.correlation_id
${CORRELATION_QUERY}
`
}# the hash of the plan that was confirmed
${state.plan === undefined ? '# (no plan was made)' : `sha256sum plan.json; jq -r 'select(.kind=="decision" and .question=="plan.confirm")|[.seq,.answer,.plan_sha256]|@tsv' slice.jsonl`}
\`\`\`

## What this cannot exclude

That the words were false when they were written on a hostile machine. Without an anchor outside the responder's machine
(a checkpoint in a ticket or chat, a countersignature, a time stamp, the SIEM, the tenant's own log): a rollback to an
older complete state, or records made anew by a thief of the identity key (the whole log also shows the sealed key epochs,
which such a thief cannot sign). Hold a checkpoint
of this log, from a ticket or a chat? Add \`--known FILE\` to step 6: \`slice.consistency\` proves of which older states this
is the continuation. A witness? \`--witness VKEY\`.
${stampText(account)}
The record that this bundle was handed over is younger than its checkpoint, so it is not in it. It names the SHA-256 of
the archive, or of \`MANIFEST.sha256\` when this came as a folder: compare that with what you got.
`
}
