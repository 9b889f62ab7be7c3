import test from 'ava'
import type { MembershipEvent, Recorded } from '../../../../src/core/telemetry.ts'
import { emptySwarm, observe } from '../../../../src/dashboard/timeline/swarm.ts'
import { presenceAt } from '../../../../src/dashboard/view/presence.ts'
import { stepEvent } from '../../peer/records/events.ts'

const BEGIN = 1_700_000_000_000
const by = 'peer-a'

function present(events: readonly Recorded[], at: number): string {
  const swarm = emptySwarm()
  for (const event of events) observe(swarm, event)
  return presenceAt(swarm.peers.get(by)!, BEGIN + at, 5000).presence
}

const training: Recorded = { type: 'state', state: 'training', time: BEGIN, by }
const step = (time: number, wallMs: number) => stepEvent({ time: BEGIN + time, wallMs, by })
const seen = (time: number, change: MembershipEvent['change'], teller = 'peer-b'): Recorded => ({
  ...{ type: 'membership', change, peer: by, live: 1 },
  ...{ time: BEGIN + time, by: teller },
})

test('a killed peer dims when its partners lose it or its silence lasts, and goes later', t => {
  const events = [training, step(100, 50)]
  t.is(present(events, 5000), 'live')
  t.is(present(events, 5200), 'silent')
  t.is(present(events, 30_200), 'departed')
  t.is(present([...events, seen(300, 'lost')], 400), 'silent')
  t.is(present([...events, seen(300, 'lost')], 29_000), 'silent')
})

test('a peer of slow steps is not silent between them', t => {
  const events = [training, step(20_000, 20_000)]
  t.is(present(events, 70_000), 'live')
  t.is(present(events, 81_000), 'silent')
})

test('whoever said goodbye has departed at once, until it comes back', t => {
  const stopped: Recorded = { type: 'state', state: 'stopped', time: BEGIN + 200, by }
  const back: Recorded = { type: 'state', state: 'starting', time: BEGIN + 900, by }
  t.is(present([training, step(100, 50), stopped], 250), 'departed')
  t.is(present([training, step(100, 50), stopped, back], 950), 'live')
  t.is(present([training, step(100, 50), seen(200, 'left')], 250), 'departed')
})

test('of what others say the latest counts, in whatever order it is read', t => {
  const hearsay = [seen(300, 'lost'), seen(700, 'joined', 'peer-c'), seen(500, 'lost', 'peer-d')]
  for (const order of [hearsay, hearsay.toReversed()]) {
    t.is(present([training, step(100, 50), ...order], 1000), 'live')
  }
})
