/**
 * Only what can be scrolled is a stop of the Tab key; without a script each is, so that none is out of reach. Looked at
 * whenever the browser has laid it out: asking before that would make it do so.
 */
export function focusWhatScrolls(): void {
  const laidOut = new ResizeObserver((entries) => {
    for (const {target} of entries)
      if (target instanceof HTMLElement) target.tabIndex = target.scrollWidth > target.clientWidth + 1 ? 0 : -1
  })
  for (const one of document.querySelectorAll('.wide[tabindex]')) laidOut.observe(one)
}
