import type { Batch } from '../engine/engine.ts'

/**
 * Cuts a batch into `count` batches of as many examples each, in order: views of the same memory. Their mean gradient is the whole
 * batch's, for losses that are means over examples.
 */
export function microBatches(batch: Batch, count: number): Batch[] {
  if (count === 1) return [batch]
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      Object.entries(batch).map(([name, values]) => {
        const size = values.length / count
        return [name, values.subarray(i * size, (i + 1) * size)]
      }),
    ),
  )
}

/** The whole batch's seed for its first part, others for the others. */
export const microBatchSeed = (seed: number, part: number): number => (seed + Math.imul(part, 0x9e3779b1)) | 0
