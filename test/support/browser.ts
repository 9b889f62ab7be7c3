import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is: `CHROMIUM`, or one of the usual places; undefined if there is none. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM ?? '', ...PLACES].find(path => path !== '' && existsSync(path))
}

export function launchChromium(executablePath: string): Promise<Browser> {
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']
  return chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', ...quiet] })
}

export interface WatchedPage {
  readonly page: Page
  /** Errors on the console, errors thrown, requests to anybody but the page's own server. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

/** Opens an address in a context of its own and notes whatever goes wrong. */
export async function watchedPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  // A loaded machine is slow, not broken.
  context.setDefaultTimeout(90_000)
  const page = await context.newPage()
  const faults: string[] = []
  const { origin } = new URL(url)
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', error => faults.push(`thrown: ${error.message}`))
  page.on('request', request => {
    if (new URL(request.url()).origin !== origin && !request.url().startsWith('data:'))
      faults.push(`request: ${request.url()}`)
  })
  await page.goto(url)
  return { page, faults, close: () => context.close() }
}
