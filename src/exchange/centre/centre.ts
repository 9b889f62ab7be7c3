import type { Shard } from '../../core/layout.ts'
import { addScaled } from '../../core/vector.ts'
import type { PeerId } from '../../network/transport.ts'
import type { AveragerComponents } from '../averager.ts'
import type { View } from '../pairing/view.ts'

/**
 * A vector that all peers meet at, kept by one of them beside its own parameters: the one with the lowest id among those
 * that train. When it has gone, the next one takes over, and the centre is then what that one's parameters are. Peers
 * whose views of the swarm differ may ask the wrong one; they are refused until their views agree.
 */
export interface Centre {
  /** Who keeps it; undefined while nobody else trains. */
  keeper(shard: string): PeerId | undefined
  /** Whether this peer does. */
  isKeptHere(shard: string): boolean
  /** Peers that meet there, this one included. */
  members(shard: string): number
  /** The values of a shard of it, to be changed in place; this peer keeps them from now on. */
  values(shard: Shard): Promise<Float32Array<SharedArrayBuffer>>
  /** What a pair averages where one side is the centre. */
  view(shard: Shard): View
}

type CentreComponents = Pick<AveragerComponents, 'transport' | 'parameters' | 'training'>

/**
 * @param step local steps finished
 * @param onBegin told of a shard's first values when this peer begins to keep it
 */
export function centre(
  components: CentreComponents,
  step: () => number,
  onBegin: (shard: string, values: Float32Array) => void = () => {},
): Centre {
  const { transport, parameters, training } = components
  const buffers = new Map<string, Float32Array<SharedArrayBuffer>>()
  const kept = new Map<string, Promise<Float32Array<SharedArrayBuffer>>>()
  const isKeptHere = (shard: string) => {
    const here = training(shard).every(peer => transport.id < peer)
    if (!here) kept.delete(shard) // whoever keeps it now began anew
    return here
  }
  const begin = async ({ name, offset, length }: Shard) => {
    const buffer = buffers.get(name) ?? parameters.allocate(length)
    buffers.set(name, buffer)
    await parameters.snapshot(offset, buffer)
    onBegin(name, buffer)
    return buffer
  }
  const values = (shard: Shard) => {
    const known = kept.get(shard.name) ?? begin(shard)
    kept.set(shard.name, known)
    known.catch(() => kept.delete(shard.name))
    return known
  }
  return {
    keeper(shard) {
      const others = training(shard)
      return others.length === 0 ? undefined : [transport.id, ...others].sort()[0]
    },
    isKeptHere,
    members: shard => training(shard).length + 1,
    values,
    view: shard => ({
      shard: shard.name,
      length: shard.length,
      async snapshot(into) {
        into.set(await values(shard))
        return { step: step() }
      },
      async apply(delta, scale) {
        addScaled(await values(shard), delta, scale)
        return { step: step() }
      },
    }),
  }
}
