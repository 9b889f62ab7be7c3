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

inBrowser('an exchange is a pulse on its edge; without motion it still shows', async t => {
  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    const { page, setTime } = await stage(t, {}, { reducedMotion })
    await page.locator('#sky[data-peers="4"]').waitFor()
    t.is(await sky(page).getAttribute('data-pulses-shown'), null, 'nothing was exchanged yet')
    setTime(61_000)
    await page.locator('#sky[data-pulses-shown]').waitFor()
    t.true(Number(await sky(page).getAttribute('data-pulses')) > 0)
    await page.locator('#sky[data-pulses="0"]').waitFor()
  }
})

inBrowser('a killed peer is silent, raises an alert, and goes when it departed', async t => {
  const { page, setTime } = await stage(t, { silentAt: { 1: START + 70_000 }, departedAt: { 1: START + 80_000 } })
  await page.locator('#peers tr[data-presence="live"]', { hasText: 'peer-2' }).waitFor()
  setTime(71_000)
  await page.locator('#peers tr[data-presence="silent"]', { hasText: 'silent, was training' }).waitFor()
  await page.locator('#announcements', { hasText: 'Silent peer' }).waitFor({ state: 'attached' })
  t.is(await sky(page).getAttribute('data-peers'), '4', 'it is dimmed, not gone')
  setTime(81_000)
  await page.locator('#sky[data-peers="3"]').waitFor()
  await page.locator('#peers tr[data-presence="departed"]', { hasText: 'peer-2' }).waitFor()
})

/** Everything that the page says of the moment it shows. */
async function said(page: Page): Promise<unknown> {
  return {
    figures: await page.locator('.vitals dd').allTextContents(),
    rows: await page.locator('#peers tbody tr').allTextContents(),
    summary: await page.locator('#graph-summary').textContent(),
    clock: await page.locator('#clock').textContent(),
  }
}

inBrowser('replay reaches the same state as live, and so does a link to the moment', async t => {
  const init = { silentAt: { 1: START + 20_000 }, departedAt: { 2: START + 25_000 } }
  const live = await stage(t, init, { at: 5_000 })
  await live.page.locator('#peers tr[data-presence="live"]', { hasText: 'peer-3' }).waitFor()
  live.setTime(30_000)
  await live.page.locator('#peers tr[data-presence="departed"]', { hasText: 'peer-3' }).waitFor()
  await live.page.locator('#graph-summary', { hasText: '1 departed' }).waitFor({ state: 'attached' })
  const followed = await said(live.page)

  const replay = await stage(t, { ...init, mode: 'replay' }, { at: 30_000, hash: `#at=${START + 5_000}` })
  await replay.page.locator('#peers tr[data-presence="live"]', { hasText: 'peer-3' }).waitFor()
  t.is(await replay.page.locator('#connection').textContent(), 'Replay, paused')
  await replay.page.selectOption('#speed', '60')
  await replay.page.click('#play')
  await replay.page.locator('#peers tr[data-presence="departed"]', { hasText: 'peer-3' }).waitFor()
  await replay.page.locator('#play[aria-label="Play"]').waitFor()
  await replay.page.locator('#graph-summary', { hasText: '1 departed' }).waitFor({ state: 'attached' })
  t.deepEqual(await said(replay.page), followed)

  const link = await stage(t, { ...init, mode: 'replay' }, { at: 40_000, hash: `#at=${START + 30_000}` })
  await link.page.locator('#peers tr[data-presence="departed"]', { hasText: 'peer-3' }).waitFor()
  t.deepEqual(await said(link.page), followed)
  t.deepEqual([...live.faults, ...replay.faults, ...link.faults], [])
})

inBrowser('by keyboard alone: from peer to peer, select, close, sort, travel in time; the link keeps up', async t => {
  const { page } = await stage(t, { mode: 'replay' })
  await row(page, 'peer-4').waitFor()
  await sky(page).focus()
  await page.keyboard.press('ArrowRight')
  const first = await page.locator('#hover-card h2').textContent()
  t.regex((await page.locator('#graph-focus').textContent())!, new RegExp(`^${first}, State training`))
  for (const key of ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key)
  await page.keyboard.press('Enter')
  const chosen = await page.locator('#detail h2').textContent()
  t.is(await page.locator('#peers tr[aria-selected="true"] button').textContent(), chosen)
  await page.waitForURL(url => url.hash.includes('peer='))
  await page.keyboard.press('Escape')
  await page.locator('#detail').waitFor({ state: 'hidden' })

  await page.locator('#peers th[data-key="loss"] button').focus()
  await page.keyboard.press('Enter')
  t.is(await page.locator('#peers th[data-key="loss"]').getAttribute('aria-sort'), 'descending')
  const losses = (await page.locator('#peers tbody tr td:nth-of-type(4)').allTextContents()).map(Number)
  t.deepEqual(
    losses,
    losses.toSorted((a, b) => b - a),
  )

  const before = await page.locator('#clock').textContent()
  await page.locator('#scrubber').focus()
  await page.keyboard.press('PageDown')
  await page.locator('#clock', { hasNotText: before! }).waitFor()
  await page.waitForURL(url => Number(url.hash.slice('#at='.length)) < START + 60_000)

  await page.locator('#tab-peers').focus()
  await page.keyboard.press('End')
  t.is(await page.locator('#run').isVisible(), true)
})

inBrowser('a link restores moment, selection, colours and search', async t => {
  const id = '12D3KooWSynthetic00002'
  const hash = `#at=${START + 30_000}&peer=${id}&colour=staleness&search=peer-3`
  const { page } = await stage(t, {}, { hash })
  await page.locator('#detail h2', { hasText: 'peer-3' }).waitFor()
  t.true(await page.locator('[name="colour-by"][value="staleness"]').isChecked())
  t.is(await page.locator('#search').inputValue(), 'peer-3')
  t.deepEqual(await page.locator('#peers tbody th button').allTextContents(), ['peer-3'])
  t.is(await page.locator('#connection').textContent(), 'Looking back, paused')
  await page.waitForURL(url => url.hash === hash)
})

inBrowser('a connection tells bytes, round trip, staleness and disagreement, at any moment', async t => {
  const between = '12D3KooWSynthetic0000'
  const { page } = await stage(t, {}, { hash: `#at=${START + 30_000}&between=${between}0&between=${between}1` })
  await page.locator('#detail h2', { hasText: 'peer-1 ↔ peer-2' }).waitFor()
  const facts = await page.locator('#detail dt').allTextContents()
  for (const name of ['Latest bytes', 'Round trip', 'Staleness', 'Disagreement']) t.true(facts.includes(name), name)
  t.is(await page.locator('#detail dd').nth(facts.indexOf('Latest bytes')).textContent(), '81.2 kB')
})

inBrowser('it says when the server is gone, and comes back by itself', async t => {
  const { page, server, setTime } = await stage(t)
  await row(page, 'peer-4').waitFor()
  await server.setReachable(false)
  await page.locator('body[data-connection="lost"]').waitFor()
  t.is(await page.locator('#connection').textContent(), 'Disconnected. Trying again…')
  t.is(await sky(page).getAttribute('data-peers'), '4', 'what was known stays in sight')
  t.is(await sky(page).getAttribute('data-pulses-shown'), null)
  // Nothing happens any more once it is back: what pulses was missed.
  setTime(60_500)
  await server.setReachable(true)
  await page.locator('body[data-connection="open"]').waitFor()
  t.is(await page.locator('#connection').textContent(), 'Live')
  await page.locator('#sky[data-pulses-shown="5"]').waitFor()
})

inBrowser('it says what goes wrong: a moment that is refused, records that can no longer be read', async t => {
  const { page, server, setTime } = await stage(t)
  await row(page, 'peer-4').waitFor()
  const problem = page.locator('#problem')
  server.fails.state = 'Still being indexed'
  await page.locator('#scrubber').focus()
  await page.keyboard.press('PageDown')
  await page.locator('#problem', { hasText: 'Still being indexed' }).waitFor()
  t.is(await problem.getAttribute('role'), 'alert')
  delete server.fails.state
  await problem.waitFor({ state: 'hidden' })
  server.fails.state = 'Still being indexed'
  await page.locator('#scrubber').focus()
  await page.keyboard.press('PageDown')
  await problem.waitFor()
  await page.click('#live')
  await problem.waitFor({ state: 'hidden' })

  server.fails.source = 'Could not read the events'
  setTime(61_000)
  await page.locator('#problem', { hasText: 'events.jsonl: Could not read the events' }).waitFor()
  t.is(await sky(page).getAttribute('data-peers'), '4')
  const nobody = await stage(t, { peers: 0 })
  nobody.server.fails.source = 'Could not read the events'
  await nobody.page.reload()
  await nobody.page.locator('#empty-text', { hasText: 'events.jsonl: Could not read the events' }).waitFor()
})

inBrowser('no peers and one peer read well, on a telephone and in the dark', async t => {
  const phone = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' as const }
  const nobody = await stage(t, { peers: 0 }, phone)
  await nobody.page.locator('#empty-text', { hasText: 'No peers yet' }).waitFor()
  const alone = await stage(t, { peers: 1 }, phone)
  await alone.page.locator('#sky[data-peers="1"]').waitFor()
  t.is(await alone.page.locator('#empty').isVisible(), false)
  t.regex((await alone.page.locator('#legend').textContent())!, /averages as soon as another one joins/)
  for (const { page, faults } of [nobody, alone]) {
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 360, 'nothing sticks out')
    t.deepEqual(faults, [])
  }
})

inBrowser('what a peer says of itself never becomes markup', async t => {
  const { page, faults } = await stage(t, { peers: 2, name: '<img src=x onerror=alert(1)>' })
  await page.locator('#peers tbody th button', { hasText: '<img src=x' }).first().waitFor()
  await page.locator('#peers tbody th button').first().click()
  await page.locator('#detail h2', { hasText: '<img src=x' }).waitFor()
  t.is(await page.locator('main img').count(), 0)
  t.deepEqual(faults, [])
})
