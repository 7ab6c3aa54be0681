import {writeFileSync} from 'node:fs'
import {pathToFileURL} from 'node:url'
import {answerFaq} from '../../src/incident/faq.ts'
import {ROOT} from './tree.ts'

/* `node test/support/faq-page.ts --write` writes the page of the questions from what `stanch faq` answers without a tenant. */

export const FAQ_PAGE = `${ROOT}.github/docs/faq.md`

export function faqPage(): string {
  const entries = answerFaq()
  const anchor = (question: string) =>
    question
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-')
  const parts = entries.map(
    ({id, question, answer, commands, sources}) =>
      `## ${question}\n\n${paragraphs(answer)}\n\n\`\`\`sh\n${commands.join('\n')}\n\`\`\`\n\nIn the terminal, with your tenant's own lifetimes: \`stanch faq ${id}\`. Rests on: ${sources.join('; ')}.\n`,
  )
  return `# Questions and answers\n\nWhat \`stanch faq\` answers where no tenant is connected.\n\n${entries.map(({question}) => `- [${question}](#${anchor(question)})`).join('\n')}\n\n${parts.join('\n')}`
}

/** The answers are wrapped for a terminal; a page wraps by itself. */
function paragraphs(lines: readonly string[]): string {
  return lines
    .join('\n')
    .split(/\n{2,}/)
    .map((part) => (/\n {2,}/.test(part) || part.startsWith('  ') ? `\`\`\`text\n${part}\n\`\`\`` : part.replaceAll('\n', ' ')))
    .join('\n\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--write')) writeFileSync(FAQ_PAGE, faqPage())
  else process.stdout.write(faqPage())
}
