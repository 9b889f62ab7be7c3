import type { Graph } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/** Where almost all operations of a step are, and where a GPU has units for float16. */
const products: ReadonlySet<string> = new Set(['MatMul', 'Conv', 'ConvTranspose'])

/**
 * Mixed precision (Micikevicius et al. 2018, arXiv:1710.03740): products read and write float16, everything between
 * them, parameters and optimizer state stay float32. Gradients below 6e-8 would vanish: the loss is to be scaled.
 */
export function halveProducts(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, build) => {
    if (!products.has(node.op) || node.outputs[0]!.dtype !== 'float32') return undefined
    const halves = inputs.map(input => build.add('Cast', [input], { to: 'float16' }))
    return [build.add('Cast', [build.add(node.op, halves, node.attributes)], { to: 'float32' })]
  })
}
