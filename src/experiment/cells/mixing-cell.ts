import { simulateMixing } from '../../exchange/topology/simulate-mixing.ts'
import { createTopology, type TopologyInit } from '../../exchange/topology/topologies.ts'
import type { Settings } from '../specification/experiment.ts'
import type { CellOutcome } from './outcome.ts'

type MixingSettings = NonNullable<Settings['mixing']>

/**
 * A cell without training: how fast a topology brings vectors together. A round counts as a second; losses are NaN, for
 * there is no model.
 * @throws MurmurError `TOPOLOGY_IMPOSSIBLE`, `SPECIFICATION_INVALID`
 */
export function runMixingCell({
  peers,
  mixing,
  seed,
}: {
  peers: number
  mixing: MixingSettings
  seed: number
}): CellOutcome {
  const members = Array.from({ length: peers }, (_, i) => `peer-${String(i).padStart(5, '0')}`)
  const { rounds, width, failures } = mixing
  const topology = createTopology(topologyInit(mixing, members, seed))
  const distances = simulateMixing({ topology, members, dimension: width, rounds, failure: failures, seed })
  const lossless = { lossMean: Number.NaN, lossOfPeersMean: Number.NaN, lossOfWorstPeer: Number.NaN }
  const samples = Array.from(distances, (distance, round) => ({
    tokens: 0,
    time: round,
    bytes: 0,
    ...lossless,
    consensusDistance: distance,
    relativeConsensusDistance: distance / distances[0]!,
  }))
  return {
    status: 'finished',
    samples,
    summary: {
      staleness: { counts: [], total: 0, max: 0 },
      idleShare: 0,
      exchanges: { tried: 0, ok: 0, failed: {} },
      bytesPerPeerPerStep: 0,
      bytesPerToken: 0,
    },
  }
}

function topologyInit(mixing: MixingSettings, members: readonly string[], seed: number): TopologyInit {
  const { topology: kind, size, dimensions, regions = 1, every } = mixing
  switch (kind) {
    case 'regions':
      return { kind, seed, every, regions: Object.fromEntries(members.map((member, i) => [member, `${i % regions}`])) }
    case 'groups':
      return { kind, seed, size }
    case 'grid':
      return { kind, dimensions }
    case 'random-pairs':
    case 'matching':
      return { kind, seed }
    default:
      return { kind }
  }
}
