import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { estimateLinks } from '../../../../src/experiment/trace/link-estimate.ts'
import type { ObservedExchange, PeerTrace } from '../../../../src/experiment/trace/peer-trace.ts'

const trace = (peer: string, exchanges: ObservedExchange[]): PeerTrace => ({
  peer,
  began: 0,
  steps: [25, 25],
  exchanges,
})
const near = (value: number, expected: number, share: number) => Math.abs(value - expected) <= share * expected

/** Eight journeys, the bytes at 80 Mb/s, which are 10,000 bytes a millisecond, and what is left of four steps of 25 ms. */
function pairwise(count: number, { partner, latency, sizes }: { partner: string; latency: number; sizes: number[] }) {
  const stream = random(partner)
  const wait = () => [1, 2, 3, 4].reduce(sum => sum + 25 * stream.next(), 0)
  return Array.from({ length: count }, (_, i): ObservedExchange => {
    const bytes = sizes[i % sizes.length]!
    return { id: `${i}`, kind: 'pairwise', partner, bytes, ms: 8 * latency + bytes / 10_000 + wait() }
  })
}

test('latency and bandwidth come out of exchanges of several sizes, less the waiting for steps', t => {
  const sizes = [20_000, 200_000, 2_000_000]
  const links = estimateLinks([
    trace('a', [
      ...pairwise(300, { partner: 'b', latency: 5, sizes }),
      ...pairwise(300, { partner: 'c', latency: 20, sizes }),
    ]),
    trace('b', []),
    trace('c', []),
  ])
  t.deepEqual(
    links.pairs.map(({ between }) => between),
    [
      [0, 1],
      [0, 2],
    ],
  )
  for (const [i, expected] of [5, 20].entries()) {
    const { latency, bandwidth } = links.pairs[i]!
    t.true(near(latency, expected, 0.1), `${latency} ms`)
    t.true(near(bandwidth, 80, 0.1), `${bandwidth} Mb/s`)
  }
})

test('a pair that was seen seldom is as the swarm; one size is latency if small, bandwidth if large', t => {
  const of = (bytes: number, ms: number) =>
    estimateLinks([
      trace(
        'a',
        Array.from({ length: 19 }, (_, i) => ({ id: `${i}`, kind: 'pairwise', partner: 'b', bytes, ms }) as const),
      ),
      trace('b', []),
    ])
  t.like(of(1000, 16), { latency: 2, bandwidth: 10_000, pairs: [] }) // less than it waits for steps: the fastest
  t.like(of(1_000_000, 100), { latency: 0, bandwidth: 160 })
  t.like(estimateLinks([trace('a', [])]), { latency: 0.1, bandwidth: 10_000 })
})

test('a round took as long as whoever came last waited, on average', t => {
  const round = (id: string, ms: number): ObservedExchange => ({
    id,
    kind: 'round',
    partner: undefined,
    bytes: 100_000,
    ms,
  })
  const links = estimateLinks([
    trace('a', [round('round-1', 10), round('round-2', 500)]),
    trace('b', [round('round-1', 300), round('round-2', 30)]),
  ])
  t.like(links, { latency: 0, bandwidth: 40, pairs: [] })
})
