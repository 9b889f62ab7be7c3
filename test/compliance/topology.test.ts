import { createTopology, type TopologyInit } from '../../src/exchange/topology/topologies.ts'
import { peers, topologySuite } from './topology.ts'

const ANY = [1, 2, 3, 5, 8, 12, 17]
const regions = Object.fromEntries(peers(12).map((peer, i) => [peer, `region-${i % 3}`]))

const inits: readonly [TopologyInit, readonly number[]][] = [
  [{ kind: 'random-pairs' }, ANY],
  [{ kind: 'matching', seed: 'run' }, ANY],
  [{ kind: 'one-peer-exponential' }, ANY],
  [{ kind: 'static-exponential' }, ANY],
  [{ kind: 'hypercube' }, [1, 2, 4, 8, 32]],
  [{ kind: 'ring' }, ANY],
  [{ kind: 'star' }, ANY],
  [{ kind: 'complete' }, ANY],
  [{ kind: 'regions', regions, every: 3 }, ANY],
  [{ kind: 'groups', size: 4 }, ANY],
  [{ kind: 'grid', dimensions: 2 }, [...ANY, 16]],
  [{ kind: 'grid', dimensions: 3 }, [8, 27, 30]],
]

for (const [init, sizes] of inits) {
  const name = init.kind === 'grid' ? `grid of ${init.dimensions} axes` : init.kind
  topologySuite(name, () => createTopology(init), sizes)
}
