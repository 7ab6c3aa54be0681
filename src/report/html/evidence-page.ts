import type {Account} from '../account.ts'
import {markup} from './markup.ts'
import {shell, SIMULATED} from './shell.ts'

/** The shell of the evidence page; `page/evidence.js` fills it from `page/data.js`. */
export function evidencePage({state, mode, log}: Pick<Account, 'state' | 'mode' | 'log'>): string {
  const body = markup`<body>
<a class="skip" href="#main">To the verdict</a>
<header>
<p class="meta">${mode === 'sim' ? SIMULATED : undefined}Incident ${state.incident_id}, tenant ${state.tenant}, log ${log.origin}</p>
<h1>Is this evidence what was signed?</h1>
</header>
<main id="main">
<p class="verdict" id="verdict" role="status">Not checked: this page checks with its script, page/evidence.js, and that has not run.</p>
<p id="why"></p>
<p class="out">This check came with the bundle; for proof use a verifier from elsewhere: <code>stanch audit verify FOLDER --vkey VKEY</code> of a stanch that you trust, or its <code>verify.py</code>. README.md says how to do it with openssl, sha256sum and Python. What runs here is in <a href="page/evidence.js">page/evidence.js</a>, what it checks in <a href="page/data.js">page/data.js</a>; the report is <a href="report.html">report.html</a>.</p>
<section aria-labelledby="h-key">
<h2 id="h-key">Key and anchors</h2>
<dl id="facts"></dl>
<h3>Not excluded by this</h3>
<ul id="open"></ul>
</section>
<section aria-labelledby="h-own" class="screen">
<h2 id="h-own">What you hold yourself</h2>
<p>Each of these says more when it comes from elsewhere: the team's roster, a ticket, a chat, a witness. Nothing that you paste leaves this page.</p>
<p><label for="vkey">Key of the log (vkey)</label><br><input id="vkey" type="text" size="60" autocomplete="off" spellcheck="false"></p>
<p><label for="first">Hash of record 0</label><br><input id="first" type="text" size="60" autocomplete="off" spellcheck="false"></p>
<p><label for="known">A checkpoint, or its "origin size root"</label><br><textarea id="known" rows="3" cols="60" autocomplete="off" spellcheck="false"></textarea></p>
<p><label for="witness">Keys of witnesses, one a line</label><br><textarea id="witness" rows="2" cols="60" autocomplete="off" spellcheck="false"></textarea></p>
<p><button type="button" id="again">Check with these</button></p>
<h3>The files themselves</h3>
<p><label for="folder">The folder of this bundle: its files are read in place of page/data.js, and each is held against its hash</label><br><input id="folder" type="file" multiple webkitdirectory></p>
<ul id="files"></ul>
</section>
<section aria-labelledby="h-records">
<h2 id="h-records">Records</h2>
<p id="count"></p>
<div class="wide" role="region" aria-label="Rows of the records" tabindex="0"><table role="table"><caption>Each record, and what is wrong with it</caption><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">record</th><th role="columnheader" scope="col">UTC, machine</th><th role="columnheader" scope="col">what</th><th role="columnheader" scope="col">check</th></tr></thead><tbody role="rowgroup" id="records"></tbody></table></div>
</section>
</main>
<script src="page/data.js"></script>
<script src="page/evidence.js"></script>
</body>`
  return shell({title: `Evidence of ${state.incident_id}`, scripts: "'self' file:", body})
}
