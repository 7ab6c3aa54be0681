/** Adds the reader's own time to every instant of the page, which is written in UTC; a reader in UTC has it already. */
export function showLocalTimes(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone === 'UTC' || zone === 'Etc/UTC') return
  const format = new Intl.DateTimeFormat('sv-SE', {dateStyle: 'short', timeStyle: 'medium', timeZone: zone})
  for (const element of document.querySelectorAll('time')) {
    const ms = Date.parse(element.getAttribute('datetime') ?? `${element.textContent.replace(' ', 'T')}Z`)
    if (!Number.isFinite(ms)) continue
    const local = document.createElement('span')
    local.className = 'local'
    const inline = element.hasAttribute('datetime')
    local.textContent = inline ? ` (${format.format(ms)} ${zone})` : `${format.format(ms)} local`
    element.after(local)
  }
}
