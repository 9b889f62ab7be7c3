import type { GraphBuilder } from './builder.ts'
import type { Value } from './graph.ts'

/**
 * The input on which a graph's random values depend: one int32, another one for each run. Graphs that draw none lack it.
 * Feed what `seedOf` makes of a number that no other run of this training has.
 */
export const seedName = 'seed'

/** The graph's seed, declared when something first asks for it. */
export const seedInput = (build: GraphBuilder): Value => build.input(seedName, { shape: [], dtype: 'int32' })

/**
 * A number spread over 32 bits by the finalizer of MurmurHash3 (Appleby 2011), and odd: products with it are as many as
 * there were factors.
 * @param run an integer; its lowest 32 bits count
 */
export function seedOf(run: number): Int32Array {
  let bits = run | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return Int32Array.of((bits ^ (bits >>> 16)) | 1)
}
