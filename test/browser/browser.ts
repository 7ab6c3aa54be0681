import {pathToFileURL} from 'node:url'

import {chromium} from 'playwright-core'
import type {Browser, BrowserContext, Page} from 'playwright-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page under watch: what it asked for, what it complained about. */
export interface Watched {
  readonly page: Page
  readonly requests: string[]
  readonly complaints: string[]
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS})
}

export interface Reader {
  readonly width?: number
  readonly height?: number
  readonly scheme?: 'light' | 'dark'
}

/** A reader in Berlin, whose time is not UTC. */
export function newReader(
  browser: Browser,
  {width = 1440, height = 900, scheme = 'light'}: Reader = {},
): Promise<BrowserContext> {
  return browser.newContext({viewport: {width, height}, colorScheme: scheme, timezoneId: 'Europe/Berlin'})
}

export async function watched(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage()
  const [requests, complaints]: [string[], string[]] = [[], []]
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  return {page, requests, complaints}
}

/** Opens a file from the disk, as a reader does who double-clicks it. */
export async function open(one: Watched, file: string): Promise<void> {
  await one.page.goto(pathToFileURL(file).href, {waitUntil: 'load'})
}
