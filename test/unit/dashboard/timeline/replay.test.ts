import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../../src/core/clock.ts'
import type { Exchange } from '../../../../src/dashboard/api/exchange.ts'
import type { FeedEntry } from '../../../../src/dashboard/api/feed.ts'
import { heardSource } from '../../../../src/dashboard/sources/heard-source.ts'
import { runDirectorySource } from '../../../../src/dashboard/sources/run-directory-source.ts'
import type { Source } from '../../../../src/dashboard/sources/source.ts'
import { emptySwarm, observe } from '../../../../src/dashboard/timeline/swarm.ts'
import type { Follower } from '../../../../src/dashboard/timeline/timeline.ts'
import { thresholdsFor } from '../../../../src/dashboard/view/alerts.ts'
import { swarmState } from '../../../../src/dashboard/view/swarm-state.ts'
import { merged, swarmDirectory, swarmEvents } from '../../../support/swarm-events.ts'

const signal = new AbortController().signal
const context = {
  nameOf: (peer: string) => peer,
  timeoutMs: 5000,
  totalSteps: 60,
  thresholds: thresholdsFor(undefined),
}

function moments(from: number, to: number): number[] {
  return [0, 0.01, 0.2, 0.5, 0.77, 0.999, 1].map(share => Math.round(from + share * (to - from)))
}

/** What following live showed at each moment. */
function followed(events: ReturnType<typeof merged>, at: number) {
  const swarm = emptySwarm()
  for (const event of events) if (event.time <= at) observe(swarm, event)
  return swarmState(swarm, at, context)
}

async function sought(t: ExecutionContext, source: Source, events: ReturnType<typeof merged>): Promise<void> {
  const { from, to } = source.timeline.range!
  t.deepEqual([from, to], [events[0]!.time, events.at(-1)!.time])
  for (const at of moments(from, to)) {
    const { swarm } = await source.timeline.playback(at, signal)
    t.deepEqual(swarmState(swarm, at, context), followed(events, at))
  }
}

for (const peers of [1, 2, 7]) {
  const logs = swarmEvents(`replay-${peers}`, { peers, steps: 60 })
  const events = merged(logs)

  test(`a moment of ${peers} peers is the same sought in memory and followed live`, async t => {
    const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'test', capacity: 1 << 16 })
    for (const event of events) source.write(event)
    await sought(t, source, events)
  })

  test(`a moment of ${peers} peers is the same sought in their files and followed live`, async t => {
    const source = runDirectorySource({ clock: systemClock }, { path: await swarmDirectory(t, logs) })
    t.teardown(() => source.stop())
    await source.start(signal)
    await sought(t, source, events)
  })
}

test('playing in any steps comes to the same states, exchanges and entries as following', async t => {
  const logs = swarmEvents('steps', { peers: 4, steps: 60 })
  const events = merged(logs)
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'test' })
  for (const event of events) source.write(event)
  const exchanges: Exchange[] = []
  const entries: FeedEntry[] = []
  const follower: Follower = {
    peer: () => {},
    edge: () => {},
    forgotten: () => {},
    exchange: exchange => exchanges.push(exchange),
    entry: entry => entries.push(entry),
  }
  const { from, to } = source.timeline.range!
  const playback = await source.timeline.playback(from - 1, signal)
  for (let at = from; at < to; at += 37) await playback.advance(at, follower, signal)
  await playback.advance(to, follower, signal)
  t.deepEqual(swarmState(playback.swarm, to, context), followed(events, to))
  t.deepEqual(exchanges, source.timeline.recent.exchanges.all())
  t.deepEqual(entries, source.timeline.recent.entries.all())
  const begun = events.filter(event => event.type === 'exchange' && event.role === 'initiator')
  t.is(exchanges.length, begun.length)
  t.is(new Set(entries.map(({ id }) => id)).size, entries.length)
})

test('the exchanges of a window are those that ended in it, each once', async t => {
  const events = merged(swarmEvents('window', { peers: 5, steps: 60 }))
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'test' })
  for (const event of events) source.write(event)
  const { from, to } = source.timeline.range!
  const [begin, end] = [from + (to - from) / 3, from + (2 * (to - from)) / 3]
  const expected = events
    .filter(event => event.type === 'exchange' && event.role === 'initiator' && event.time > begin && event.time <= end)
    .map(event => (event.type === 'exchange' ? event.id : ''))
  const page = await source.timeline.exchanges(begin, end, 1000, signal)
  t.deepEqual(
    page.exchanges.map(({ id }) => id),
    expected,
  )
  t.is(page.omitted, 0)
  const some = await source.timeline.exchanges(begin, end, 3, signal)
  t.deepEqual(
    some.exchanges.map(({ id }) => id),
    expected.slice(-3),
  )
  t.is(some.omitted, expected.length - 3)
})

test('what is only heard is kept within bounds, and what is left of it replays as it was', async t => {
  const events = merged(swarmEvents('bounded', { peers: 6, steps: 1200 }))
  const source = heardSource({ clock: systemClock }, { kind: 'local', name: 'test', capacity: 4096 })
  for (const event of events) source.write(event)
  t.true(events.length > 3 * 4096)
  const { from, to } = source.timeline.range!
  t.true(from > events[0]!.time)
  t.true(events.filter(({ time }) => time >= from).length <= 4096 + 1024)
  for (const at of moments(from, to)) {
    const { swarm } = await source.timeline.playback(at, signal)
    t.deepEqual(swarmState(swarm, at, context), followed(events, at))
  }
})
