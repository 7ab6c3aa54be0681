import {readFileSync, writeFileSync} from 'node:fs'
import {pathToFileURL} from 'node:url'
import {ROOT} from './tree.ts'

/*
 * `node test/support/cheat-card.ts --write` makes the page that prints from the card's Markdown: one sheet, A4 or Letter.
 * Knows the Markdown that the card uses and nothing more.
 */

export const CARD = `${ROOT}.github/docs/cheat-card.md`
export const CARD_PAGE = `${ROOT}.github/docs/cheat-card.html`

const STYLE = `@page { margin: 10mm 13mm }
body { font: 9.2pt/1.24 system-ui, sans-serif; max-width: 184mm; margin: 0 auto; color: #000; background: #fff }
h1 { font-size: 15pt; margin: 0 0 5pt }
p { margin: 5pt 0 }
table { border-collapse: collapse; width: 100%; margin: 5pt 0; break-inside: avoid }
td, th { border: 0.5pt solid #888; padding: 1pt 5pt; text-align: left; vertical-align: top }
th { background: #eee }
td:first-child { width: 36% }
table.narrow td:first-child { width: 14% }
code { font: 8.5pt ui-monospace, monospace }`

export function cheatCardPage(markdown: string): string {
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? ''
  const body = markdown
    .split(/\n{2,}/)
    .map((part) =>
      part.startsWith('# ') ? `<h1>${inline(title)}</h1>` : part.startsWith('|') ? table(part) : `<p>${inline(part.trim())}</p>`,
    )
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${inline(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
${body}
</body>
</html>
`
}

function table(part: string): string {
  const [head = '', , ...rows] = part.trim().split('\n')
  const cells = (row: string) =>
    row
      .split('|')
      .slice(1, -1)
      .map((one) => inline(one.trim()))
  const line = (row: string, tag: 'td' | 'th') =>
    `<tr>${cells(row)
      .map((one) => `<${tag}>${one}</${tag}>`)
      .join('')}</tr>`
  const narrow = cells(head)[1] === 'means' ? ' class="narrow"' : ''
  return `<table${narrow}>\n${[line(head, 'th'), ...rows.map((row) => line(row, 'td'))].join('\n')}\n</table>`
}

function inline(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll('\n', ' ')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = cheatCardPage(readFileSync(CARD, 'utf8'))
  if (process.argv.includes('--write')) writeFileSync(CARD_PAGE, page)
  else process.stdout.write(page)
}
