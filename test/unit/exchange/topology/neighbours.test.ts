import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import type { TelemetryEvent } from '../../../../src/core/telemetry.ts'
import { type NeighboursInit, neighbours } from '../../../../src/exchange/topology/neighbours.ts'
import { memoryNetwork } from '../../../../src/network/memory.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

/** Whom the peer of this rank picks, in its first exchanges of a shard. */
function picks(init: NeighboursInit, n: number, rank: number, count: number, regions: string[] = []) {
  const ids = Array.from({ length: n }, (_, i) => `p${i}`)
  const events: TelemetryEvent[] = []
  const choice = neighbours(init)({
    transport: memoryNetwork().transport(ids[rank]!),
    partners: () => ids.filter((_, i) => i !== rank).reverse(),
    regionOf: peer => regions[ids.indexOf(peer)],
    clock: virtualClock(),
    random: random(`rank ${rank}`),
    telemetry: { record: event => events.push(event) },
  })
  return { choice, events, picked: Array.from({ length: count }, () => ids.indexOf(choice.pick('s') ?? '')) }
}

const set = (init: NeighboursInit, n: number, rank: number) =>
  [...new Set(picks(init, n, rank, 60).picked)].sort((a, b) => a - b)

test('partners are the neighbours in the topology', t => {
  t.deepEqual(set({ kind: 'random-pairs' }, 5, 2), [0, 1, 3, 4])
  t.deepEqual(set({ kind: 'ring' }, 6, 0), [1, 5])
  t.deepEqual(set({ kind: 'star' }, 4, 0), [1, 2, 3])
  t.deepEqual(set({ kind: 'star' }, 4, 3), [0])
  t.deepEqual(set({ kind: 'hypercube' }, 8, 5), [1, 4, 7])
  t.deepEqual(set({ kind: 'random-pairs' }, 1, 0), [-1])
})

test('shards have rounds of their own', t => {
  const { choice } = picks({ kind: 'hypercube' }, 8, 0, 0)
  const of = (shard: string) => choice.pick(shard)
  t.deepEqual([of('a'), of('b'), of('a'), of('b'), of('a')], ['p1', 'p1', 'p2', 'p2', 'p4'])
})

test('leaders meet now and then; the rest stays inside its region', t => {
  const regions = ['east', 'east', 'west', 'west', 'west']
  const init = { kind: 'regions', every: 3 } as const
  const leader = picks(init, 5, 2, 30, regions).picked
  t.true(leader.every((peer, round) => (round % 3 === 2 ? peer === 0 : peer === 3 || peer === 4)))
  const follower = picks(init, 5, 3, 30, regions).picked
  t.true(follower.every((peer, round) => (round % 3 === 2 ? peer === 4 : peer === 2 || peer === 4)))
})

test('who says no region is in one with all others who do not', t => {
  t.deepEqual(new Set(picks({ kind: 'regions', every: 1000 }, 3, 0, 50, [undefined!, 'x']).picked), new Set([2]))
})

test('a number of peers that the topology cannot have is said once, and nobody is picked', t => {
  const { picked, events } = picks({ kind: 'hypercube' }, 6, 0, 5)
  t.deepEqual(new Set(picked), new Set([-1]))
  t.is(events.length, 1)
  t.like(events[0], { type: 'warning', reason: 'no-topology' })
})

test('options are checked at once', t => {
  t.throws(() => neighbours({ kind: 'regions', every: 0 }), { code: 'SPECIFICATION_INVALID' })
})
