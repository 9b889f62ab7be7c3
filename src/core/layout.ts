/**
 * Where each tensor of a model lies in its flat parameter vector. Tensors of one shard are adjacent, so a shard is
 * one contiguous range: what is snapshotted, sent, averaged and checked as a unit.
 */
export interface TensorSpec {
  name: string
  shape: readonly number[]
  /** Blocks and layers in the order data flows through them; tensors of one group are never split over shards. */
  group: number
  /**
   * Not an optimizer's business, such as the moving mean of a batch normalisation: a step subtracts its gradient as it
   * is, whatever the learning rate, and does not count it when gradients are clipped.
   */
  statistic?: boolean
}

interface TensorSlot extends TensorSpec {
  /** First element in the flat vector. */
  offset: number
  /** Number of elements. */
  length: number
}

export interface Shard {
  name: string
  offset: number
  length: number
}

export interface ParameterLayout {
  readonly tensors: readonly TensorSlot[]
  readonly shards: readonly Shard[]
  /** Number of parameters. */
  readonly length: number
}

/**
 * Lays tensors out in order of their group and cuts the vector into `shardCount` shards of about equal size at group
 * borders. There are never more shards than groups.
 */
export function layoutParameters(specs: readonly TensorSpec[], shardCount = 1): ParameterLayout {
  const ordered = specs.toSorted((a, b) => a.group - b.group)
  const tensors: TensorSlot[] = []
  let offset = 0
  for (const { name, shape, group, statistic } of ordered) {
    const length = shape.reduce((product, size) => product * size, 1)
    tensors.push({ name, shape, group, offset, length, ...(statistic && { statistic }) })
    offset += length
  }
  return { tensors, shards: cutShards(tensors, offset, shardCount), length: offset }
}

function cutShards(tensors: readonly TensorSlot[], length: number, count: number): Shard[] {
  const borders = tensors.filter((t, i) => i > 0 && tensors[i - 1]!.group !== t.group).map(t => t.offset)
  const cuts = new Set<number>()
  for (let i = 1; i < count; i++) {
    const target = (length * i) / count
    const free = borders.filter(border => !cuts.has(border))
    if (free.length === 0) break
    cuts.add(free.reduce((best, border) => (Math.abs(border - target) < Math.abs(best - target) ? border : best)))
  }
  const starts = [0, ...[...cuts].sort((a, b) => a - b)]
  return starts.map((start, i) => ({
    name: `shard-${i}`,
    offset: start,
    length: (starts[i + 1] ?? length) - start,
  }))
}
