import test from 'ava'
import type { Browser, Page } from 'playwright-core'
import { findChromium, launchChromium, type WatchedPage, watchedPage } from '../support/browser.ts'
import { type StandInDashboard, standInDashboard } from '../support/stand-in-dashboard.ts'
import { type SyntheticSwarmInit, syntheticSwarm } from '../support/synthetic-swarm.ts'

/** The page in a real browser, before a made-up swarm that does what a test needs of it. */

const START = Date.UTC(2026, 0, 1, 12)
const executable = findChromium()
const inBrowser = executable === undefined ? test.skip : test
if (executable === undefined) {
  test('the page in a browser: skipped, no Chromium found (apt-get install chromium, or set CHROMIUM)', t => t.pass())
}

let browser: Browser
test.before(async () => {
  if (executable !== undefined) browser = await launchChromium(executable)
})
test.after.always(async () => {
  await browser?.close()
})

interface Stage extends WatchedPage {
  readonly server: StandInDashboard
  /** Moves the swarm's time on, milliseconds after its start. */
  setTime(ms: number): void
}

async function stage(
  t: { teardown(fn: () => Promise<void>): void },
  init: Partial<SyntheticSwarmInit> = {},
  { hash = '', at = 60_000, ...options }: Parameters<Browser['newContext']>[0] & { hash?: string; at?: number } = {},
): Promise<Stage> {
  let end = START + at
  const mode = init.mode ?? 'live'
  const swarm = syntheticSwarm({ peers: 4, from: START, reach: 3, exchangesPerSecond: 10, ...init, mode })
  const server = await standInDashboard({ swarm, mode, end: () => end, everyMs: 50 })
  const watched = await watchedPage(browser, server.url + hash, options)
  t.teardown(async () => {
    await watched.close()
    await server.close()
  })
  return {
    ...watched,
    server,
    setTime(ms) {
      end = START + ms
    },
  }
}

const sky = (page: Page) => page.locator('#sky')
const row = (page: Page, name: string) =>
  page.locator('#peers tbody tr', { has: page.getByText(name, { exact: true }) })

inBrowser('the graph and the table show the peers that exist, with no error and no request to others', async t => {
  const { page, faults } = await stage(t)
  await page.locator('#sky[data-peers="4"]').waitFor()
  t.is(await sky(page).getAttribute('data-connections'), '6')
  await row(page, 'peer-4').waitFor()
  t.deepEqual(await page.locator('#peers tbody th button').allTextContents(), ['peer-1', 'peer-2', 'peer-3', 'peer-4'])
  t.regex((await page.locator('#graph-summary').textContent())!, /^4 live peers; 6 connections/)
  t.deepEqual(faults, [])
})
