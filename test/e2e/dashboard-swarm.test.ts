import { join } from 'node:path'
import test from 'ava'
import type { Browser, Page } from 'playwright-core'
import { findChromium, launchChromium, watchedPage } from '../support/browser.ts'
import { spawnMurmur } from '../support/murmur-process.ts'
import { runFolder } from '../support/run-folder.ts'

/** Real peers, the real server, a real browser. */

const NETWORK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-relay']
const executable = findChromium()
const inBrowser = executable === undefined ? test.skip : test.serial
if (executable === undefined) {
  test('the dashboard of a swarm: skipped, no Chromium found (apt-get install chromium, or set CHROMIUM)', t =>
    t.pass())
}

let browser: Browser
test.before(async () => {
  if (executable !== undefined) browser = await launchChromium(executable)
})
test.after.always(async () => {
  await browser?.close()
})

/** What the page says of every peer, in the order of their names; how long ago somebody was heard is left out. */
function rows(page: Page): Promise<string[]> {
  return page.locator('#peers tbody tr').evaluateAll(all =>
    all.map(row =>
      [...row.children]
        .slice(0, -1)
        .map(cell => cell.textContent)
        .join(' '),
    ),
  )
}

inBrowser('a swarm as it is watched, and its records as they are replayed', async t => {
  // Who is killed is gone after six times the timeout.
  const { folder, yaml } = await runFolder(t, { heartbeat: { interval: 0.2, timeout: 2.5 } })
  const a = spawnMurmur(t, ['start', yaml, ...NETWORK, '--dashboard', '0', '--directory', join(folder, 'a')])
  const { url } = await a.object(({ type }) => type === 'dashboard')
  const live = await watchedPage(browser, url as string)
  t.teardown(live.close)
  await live.page.locator('#sky[data-peers="1"]').waitFor()

  const [invitation] = (await a.listening()).invitations
  const b = spawnMurmur(t, ['join', invitation!, ...NETWORK, '--directory', join(folder, 'b')])
  const { peer: idB } = await b.listening()
  await live.page.locator('#sky[data-peers="2"][data-connections="1"]').waitFor()
  await live.page.locator(`#peers tr[data-peer="${idB}"][data-presence="live"]`).waitFor()
  await live.page.locator('#sky[data-pulses]:not([data-pulses="0"])').waitFor()
  await live.page.locator(`#peers tr[data-peer="${idB}"] button`).click()
  await live.page.locator('#detail button[data-partner]').click()
  await live.page.locator('#detail dd', { hasText: /\d ms/ }).first().waitFor()

  b.kill('SIGKILL')
  await live.page.locator(`#peers tr[data-peer="${idB}"][data-presence="silent"]`).waitFor()
  await live.page.locator(`#peers tr[data-peer="${idB}"][data-presence="departed"]`).waitFor({ timeout: 60_000 })
  await live.page.locator('#sky[data-peers="1"]').waitFor()
  t.deepEqual(live.faults, [])

  a.kill('SIGINT')
  await a.ended
  const records = spawnMurmur(t, ['dashboard', folder, '--port', '0'])
  const { url: replayUrl } = await records.object(({ type }) => type === 'dashboard')
  const { to } = (await fetch(`${replayUrl}api/run`).then(response => response.json())) as { to: number }
  const sought = await watchedPage(browser, `${replayUrl}#at=${to}`)
  t.teardown(sought.close)
  await sought.page.locator('#peers tr[data-presence="departed"]').nth(1).waitFor()

  const played = await watchedPage(browser, `${replayUrl}#at=${to - 6_000}`)
  t.teardown(played.close)
  await played.page.locator('#peers tr').nth(1).waitFor()
  // A peer that was killed never said that it stopped: its records may go on.
  t.is(await played.page.locator('#connection').textContent(), 'Looking back, paused')
  await played.page.selectOption('#speed', '16')
  await played.page.click('#play')
  await played.page.locator('#peers tr[data-presence="departed"]').nth(1).waitFor()
  await played.page.locator('#live[aria-pressed="true"]').waitFor()
  t.deepEqual(await rows(played.page), await rows(sought.page))
  t.deepEqual([...sought.faults, ...played.faults], [])
})
