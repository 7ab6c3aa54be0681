/*
 * What a report's page does beyond its text: the countdown, the reader's zone, the views, the rows. Built into one
 * classic script. It reads the page and nothing else; without it the page says the same.
 */
import {showLocalTimes} from './local-time.ts'
import {focusWhatScrolls} from './regions.ts'

function countdown(element: HTMLElement): void {
  const until = Date.parse(element.dataset['until'] ?? '')
  if (!Number.isFinite(until)) return
  const tick = (): void => {
    const left = Math.ceil((until - Date.now()) / 1000)
    element.textContent = left > 0 ? clock(left) : `the instant has passed: compute it again`
  }
  tick()
  setInterval(tick, 1000)
}

/** `1 d 03:59:07` */
function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  return `${days > 0 ? `${days} d ` : ''}${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
}

function views(group: HTMLElement): void {
  const hidden = new Map<Element, string>()
  const show = (view: string): void => {
    document.body.dataset['view'] = view
    for (const element of document.querySelectorAll<HTMLElement>('[data-for]'))
      element.hidden = !(element.dataset['for'] ?? '').split(' ').includes(view)
    for (const element of document.querySelectorAll('.p, svg g title')) {
      if (!hidden.has(element)) hidden.set(element, element.textContent)
      element.textContent = view === 'war-room' ? (hidden.get(element) ?? '') : '[left out]'
    }
  }
  group.addEventListener('change', (event) => {
    if (event.target instanceof HTMLInputElement) show(event.target.value)
  })
  group.hidden = false
}

function rows(button: HTMLButtonElement): void {
  const count = document.querySelectorAll('tr.minor').length
  if (count === 0) return
  const set = (main: boolean): void => {
    document.body.classList.toggle('main', main)
    button.textContent = main ? `Show ${count} more: probes, issuances, bookkeeping` : 'Show the main ones only'
    button.setAttribute('aria-pressed', String(!main))
  }
  button.addEventListener('click', () => set(!document.body.classList.contains('main')))
  button.hidden = false
  set(true)
  // A link to a row that is hidden shows it.
  const reveal = (): void => {
    const row = location.hash === '' ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)))
    if (!row?.classList.contains('minor')) return
    set(false)
    row.scrollIntoView()
  }
  addEventListener('hashchange', reveal)
  reveal()
}

/** On a phone the first screen holds the beginning of all four parts; paper and links into a part show all of it. */
function foldOnPhones(): void {
  const phone = matchMedia('screen and (max-width:44rem)')
  const parts = [...document.querySelectorAll<HTMLDetailsElement>('details.rest')]
  const set = (open: boolean): void => {
    for (const one of parts) one.open = open
  }
  if (phone.matches) set(false)
  phone.addEventListener('change', () => set(!phone.matches))
  addEventListener('beforeprint', () => set(true))
}

for (const element of document.querySelectorAll<HTMLElement>('[data-until]')) countdown(element)
foldOnPhones()
const group = document.getElementById('views')
if (group) views(group)
const button = document.getElementById('rows')
if (button instanceof HTMLButtonElement) rows(button)
showLocalTimes()
focusWhatScrolls()
