/** Adds the reader's own time to every instant of the page, which is written in UTC; a reader in UTC has it already. */
export function showLocalTimes(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone === 'UTC' || zone === 'Etc/UTC') return
  const format = new Intl.DateTimeFormat('sv-SE', {dateStyle: 'short', timeStyle: 'medium', timeZone: zone})
  for (const element of document.querySelectorAll('time, .at')) {
    const text = element.textContent
    const inline = element.className === 'at' || element.hasAttribute('datetime')
    const ms = Date.parse(element.getAttribute('datetime') ?? (inline ? text : `${text.replace(' ', 'T')}Z`))
    if (!Number.isFinite(ms)) continue
    const local = document.createElement('span')
    local.className = 'local'
    const there = document.createElement('span')
    there.className = 'nb'
    there.textContent = format.format(ms)
    if (inline) local.append(' (', there, ` ${zone})`)
    else local.append(there, ' local')
    element.after(inline ? '' : ' ', local)
  }
}
