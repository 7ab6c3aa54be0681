/**
 * What terminals make of emphasis: the background, and all that `bold red` and `bold magenta` become there. Some show bold
 * in the bright colour of the same name, some do not; of a palette that both kinds of terminals use, both stand here.
 */
interface Palette {
  readonly background: string
  readonly bold: Readonly<Record<number, readonly string[]>>
}

const SOLARIZED = {31: ['#dc322f', '#cb4b16'], 35: ['#d33682', '#6c71c4']}
const XTERM = {31: ['#cd0000', '#ff0000'], 35: ['#cd00cd', '#ff00ff']}

export const PALETTES: Readonly<Record<string, Palette>> = {
  'xterm, white': {background: '#ffffff', bold: XTERM},
  'xterm, black': {background: '#000000', bold: XTERM},
  'the Linux console': {background: '#000000', bold: {31: ['#ff5555'], 35: ['#ff55ff']}},
  'Windows, Campbell': {background: '#0c0c0c', bold: {31: ['#e74856'], 35: ['#b4009e']}},
  'Solarized light': {background: '#fdf6e3', bold: SOLARIZED},
  'Solarized dark': {background: '#002b36', bold: SOLARIZED},
  'GitHub light': {background: '#ffffff', bold: {31: ['#cf222e', '#a40e26'], 35: ['#8250df', '#a475f9']}},
  'GitHub dark': {background: '#0d1117', bold: {31: ['#ff7b72', '#ffa198'], 35: ['#bc8cff', '#d2a8ff']}},
}

/** WCAG 2: relative luminance of `#rrggbb`. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

export function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

/** Attributes that change no colour: all off, bold, bold off, the terminal's own colour. */
const HARMLESS = new Set([0, 1, 22, 39])

/** Whatever in the bytes of a terminal is painted so that it has less than 3:1 on one of the palettes, with its text. */
export function unreadable(raw: string): string[] {
  const found: string[] = []
  let bold = false
  let colour: number | undefined
  // oxlint-disable-next-line no-control-regex
  for (const [, codes, text = ''] of raw.matchAll(/(?:\u001b\[([\d;:]*)m|^)([^\u001b]*)/g)) {
    for (const code of (codes ?? '').split(/[;:]/).map(Number)) {
      if (codes !== undefined && !HARMLESS.has(code) && code !== 31 && code !== 35) found.push(`SGR ${codes}: ${text}`)
      if (code === 0 || code === 22) bold = false
      if (code === 1) bold = true
      if (code === 0 || code === 39) colour = undefined
      if (code === 31 || code === 35) colour = code
    }
    if (colour === undefined || text.trim() === '') continue
    if (!bold) found.push(`not bold, colour ${colour}: ${text}`)
    for (const [name, palette] of Object.entries(PALETTES))
      for (const shown of palette.bold[colour] ?? [])
        if (contrast(palette.background, shown) < 3) found.push(`${shown} on ${name}: ${text}`)
  }
  return found
}
