import type { Shard } from '../../core/layout.ts'
import type { ParameterHost } from '../../core/parameters.ts'
import { random } from '../../core/random.ts'
import type { View } from './view.ts'

/** How many of a shard's values a draw takes. */
export function drawLength(length: number, fraction: number): number {
  return Math.min(length, Math.max(1, Math.round(fraction * length)))
}

/**
 * The coordinates of a draw, in ascending order: one at random in each of as many equal parts, so that each comes up with
 * the probability `fraction` and none twice. Whoever knows seed, length and draw finds the same ones.
 */
export function drawCoordinates(seed: string, length: number, fraction: number, draw: number): Uint32Array {
  const count = drawLength(length, fraction)
  const stream = random(seed).fork(draw)
  const start = (part: number) => Math.floor((part * length) / count)
  return Uint32Array.from({ length: count }, (_, part) => start(part) + stream.integer(start(part + 1) - start(part)))
}

/** Views of random coordinates of shards. All share one buffer as long as a shard: use one at a time. */
export interface CoordinateViews {
  view(shard: Shard, draw: number): View
}

/**
 * @param seed the same for all peers of a run
 * @param longest values of the longest shard
 */
export function coordinateViews(
  parameters: ParameterHost,
  seed: string,
  fraction: number,
  longest: number,
): CoordinateViews {
  const buffer = parameters.allocate(longest)
  return {
    view({ name, offset, length }, draw) {
      const whole = buffer.subarray(0, length)
      const coordinates = drawCoordinates(`${seed}/${name}`, length, fraction, draw)
      return {
        shard: name,
        length: coordinates.length,
        draw,
        async snapshot(into) {
          const stamp = await parameters.snapshot(offset, whole)
          for (const [i, at] of coordinates.entries()) into[i] = whole[at]!
          return stamp
        },
        async apply(delta, scale) {
          whole.fill(0)
          for (const [i, at] of coordinates.entries()) whole[at] = delta[i]!
          return await parameters.apply(offset, whole, scale)
        },
      }
    },
  }
}
