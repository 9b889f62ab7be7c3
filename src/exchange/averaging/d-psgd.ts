import type { AveragerFactory } from '../averager.ts'
import { wireFormat } from '../compression/wire-format.ts'
import { mixWithNeighbours } from '../rounds/neighbours.ts'
import { createTopology } from '../topology/topologies.ts'
import type { LocalSgdInit } from './local-sgd.ts'
import { synchronousAverager } from './synchronous.ts'

/** Those whose weights are doubly stochastic in every round. */
type NeighbourTopology =
  | 'ring'
  | 'star'
  | 'complete'
  | 'static-exponential'
  | 'one-peer-exponential'
  | 'hypercube'
  | 'matching'

export interface DPsgdInit extends LocalSgdInit {
  /** Local steps between two mixings. Must be an integer >= 1. @default 1 */
  every?: number
  /** Who mixes with whom. @default 'ring' */
  topology?: NeighbourTopology
}

/**
 * D-PSGD (Lian et al. 2017, arXiv:1705.09056): each peer mixes with its neighbours in a graph, x_i <- sum_j W_ij x_j, and waits
 * for them alone. The paper adds the gradient, taken before the mixing, after it; here local steps come first and are mixed
 * too (adapt, then combine), so that several fit in between. Sends P values to each neighbour.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function dPsgd(init: DPsgdInit = {}): AveragerFactory {
  const { every = 1, codec = 'float32', timeout = 120, topology: kind = 'ring' } = init
  const format = wireFormat(codec)
  return components =>
    synchronousAverager(components, { every, timeout }, allocate => {
      const topology = createTopology({ kind, seed: components.run })
      const scratch = { own: allocate(), received: allocate() }
      return { mix: (meeting, values) => mixWithNeighbours(meeting, topology, values, scratch, format) }
    })
}
