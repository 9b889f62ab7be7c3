import { isErrorCode } from '../../core/errors.ts'
import type { PeerId } from '../../network/transport.ts'
import type { AveragerComponents } from '../averager.ts'
import { randomPartner } from './random-partner.ts'
import { createTopology, type TopologyInit } from './topologies.ts'

/** The topologies in which a peer exchanges of its own accord, and whose edges it finds without agreeing on a round. */
export type NeighboursInit =
  | Extract<
      TopologyInit,
      { kind: 'random-pairs' | 'one-peer-exponential' | 'static-exponential' | 'hypercube' | 'ring' | 'star' }
    >
  /** Who announces no region is in one with all others who do not. */
  | Omit<Extract<TopologyInit, { kind: 'regions' }>, 'regions' | 'seed'>

/** Whom a peer exchanges with when it likes to. */
export interface Neighbours {
  /** One of those that are its neighbours for the shard's next exchange, or undefined if there are none. */
  pick(shard: string): PeerId | undefined
  /** Avoids this peer for a while, unless all others failed too. */
  failed(peer: PeerId): void
}

type NeighboursComponents = Pick<
  AveragerComponents,
  'transport' | 'partners' | 'regionOf' | 'clock' | 'random' | 'telemetry'
>

/**
 * A random one of the neighbours in a topology over the live members, sorted by their ids. Where neighbours change from
 * round to round, a peer's rounds are its own exchanges of the shard: nobody agrees on them.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function neighbours(init: NeighboursInit): (components: NeighboursComponents) => Neighbours {
  const create = (regionOf: (peer: PeerId) => string | undefined, members: readonly PeerId[]) =>
    createTopology(init.kind === 'regions' ? { ...init, regions: regionsOf(members, regionOf) } : init)
  create(() => undefined, []) // says at once what is wrong with it
  return components => {
    const partner = randomPartner()(components)
    const rounds = new Map<string, number>()
    let impossible = ''
    const candidates = (others: readonly PeerId[], round: number) => {
      const self = components.transport.id
      const members = [...others, self]
      try {
        return create(components.regionOf, members).candidates(members, self, round)
      } catch (error) {
        if (!isErrorCode(error, 'TOPOLOGY_IMPOSSIBLE')) throw error
        const { message } = error
        if (message !== impossible) components.telemetry.record({ type: 'warning', reason: 'no-topology', message })
        impossible = message // said once, until it is another
        return []
      }
    }
    return {
      pick(shard) {
        const round = rounds.get(shard) ?? 0
        rounds.set(shard, round + 1)
        const others = components.partners(shard)
        return partner.pick(init.kind === 'random-pairs' ? others : candidates(others, round))
      },
      failed: peer => partner.failed(peer),
    }
  }
}

function regionsOf(
  members: readonly PeerId[],
  regionOf: (peer: PeerId) => string | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(members.map(member => [member, regionOf(member) ?? '']))
}
