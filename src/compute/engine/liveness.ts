import { type DataType, type Graph, sizeOf, type Value } from './graph.ts'

const bytesOf: Readonly<Record<DataType, number>> = { float32: 4, float16: 2, int32: 4, int64: 8, bool: 1 }

/**
 * Bytes that a graph's intermediate values need at once, when its nodes run in order and each value is freed after its last
 * reader: what no allocator can do with less, short of working in place. Inputs, outputs and constants are not counted.
 */
export function activationBytes(graph: Graph): number {
  const lastReader = new Map<Value, number>()
  for (const [at, node] of graph.nodes.entries()) for (const input of node.inputs) lastReader.set(owner(input), at)
  const outputs = new Set([...graph.outputs.values()].map(owner))
  const freed = new Map<number, number>()
  let live = 0
  let most = 0
  for (const [at, node] of graph.nodes.entries()) {
    for (const value of node.outputs) {
      if (owner(value) !== value || outputs.has(value) || node.op === 'Input' || node.op === 'Constant') continue
      const bytes = sizeOf(value.shape) * bytesOf[value.dtype]
      const end = lastReader.get(value) ?? at
      live += bytes
      freed.set(end, (freed.get(end) ?? 0) + bytes)
    }
    most = Math.max(most, live)
    live -= freed.get(at) ?? 0
  }
  return most
}

/** The value whose memory this one is. */
const owner = (value: Value): Value => (value.node.op === 'Reshape' ? owner(value.node.inputs[0]!) : value)
