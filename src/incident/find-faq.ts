import type {FaqEntry} from './faq.ts'

/** Words that stand in every question and so choose none. */
const EMPTY_WORDS = new Set(
  'a an and can do does did for from get how i if in is it its me my of on or the to token tokens use was what when why with you'.split(
    ' ',
  ),
)

/**
 * The entries that somebody means: the one of that id, else those whose id and question hold the most of the words.
 * Only what ties for the most is given; nothing fits, nothing is given.
 */
export function findFaq(entries: readonly FaqEntry[], asked: string): FaqEntry[] {
  const wanted = asked.trim().toLowerCase()
  const exact = entries.filter((entry) => entry.id === wanted || entry.question.toLowerCase() === wanted)
  if (exact.length > 0) return exact
  const words = wordsOf(wanted)
  if (words.length === 0) return []
  const scored = entries.map((entry) => ({entry, score: scoreOf(entry, words)}))
  const best = Math.max(...scored.map((one) => one.score))
  return best === 0 ? [] : scored.filter((one) => one.score === best).map((one) => one.entry)
}

/** A word of the id counts three times: ids name what an entry is about. */
function scoreOf(entry: FaqEntry, words: readonly string[]): number {
  const id = wordsOf(entry.id)
  const question = wordsOf(entry.question)
  return words.reduce((sum, word) => sum + (has(id, word) ? 3 : 0) + (has(question, word) ? 1 : 0), 0)
}

/** `revoke`, `revoked` and `revoking` are one word here: a common beginning of five letters, or the whole of a short one. */
function has(words: readonly string[], wanted: string): boolean {
  const stem = wanted.slice(0, 5)
  return words.some((word) => word === wanted || (stem.length === 5 && word.startsWith(stem)))
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !EMPTY_WORDS.has(word))
}
