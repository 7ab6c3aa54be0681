import {hash} from 'node:crypto'

import {Html, markup} from './markup.ts'
import {STYLE} from './style.ts'

/** What every page says before anything else where nothing of it is real. */
export const SIMULATED = markup`<span class="sim">SIMULATED: a drill or a practice tenant, nothing of it is real.</span><br>`

/**
 * A whole document around `body`. Its policy allows these scripts and our own style, by hash, and no request to anywhere.
 *
 * @param scripts sources of the policy's `script-src`
 */
export function shell(page: {readonly title: string; readonly scripts: string; readonly body: Html}): string {
  const policy = `default-src 'none'; script-src ${page.scripts}; style-src '${hashSource(STYLE)}'; base-uri 'none'; form-action 'none'`
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${page.title}</title>
<style>${Html.own(STYLE)}</style>
</head>
${page.body}
</html>
`.text
}

/** Content of the page itself, as a policy names it. */
export function hashSource(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}
