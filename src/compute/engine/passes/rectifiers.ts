import type { GraphBuilder } from '../builder.ts'
import { type Graph, sameShape, uniformValue, type Value } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/**
 * The gradient of a rectifier, dy x step(x), as one choice between dy and zero. It asks whether relu(x) > 0 instead of
 * x > 0: the output is needed anyway, so that x need not be kept and the rectifier can be part of what computes x.
 */
export function chooseGradients(graph: Graph): Graph {
  const rectified = new Map<Value, Value>()
  return rewrite(graph, (node, inputs, build) => {
    const [x, zero] = inputs
    switch (node.op) {
      case 'Relu': {
        const outputs = build.copy(node, inputs)
        rectified.set(x!, outputs[0]!)
        return outputs
      }
      case 'Greater': {
        const output = uniformValue(zero!) === 0 ? rectified.get(x!) : undefined
        return output && [build.add('Greater', [output, zero!])]
      }
      case 'Mul': {
        const choice = masked(inputs, build)
        return choice && [choice]
      }
    }
    return undefined
  })
}

/** A product with a mask of ones and zeros. */
function masked([a, b]: readonly Value[], build: GraphBuilder): Value | undefined {
  const [mask, factor] = isMask(a!) ? [a!, b!] : [b!, a!]
  if (!isMask(mask) || isMask(factor) || !sameShape(factor.shape, mask.shape)) return undefined
  const zero = build.fill(0, { shape: [], dtype: factor.dtype })
  return build.add('Where', [mask.node.inputs[0]!, factor, zero])
}

function isMask({ node }: Value): boolean {
  return node.op === 'Where' && uniformValue(node.inputs[1]!) === 1 && uniformValue(node.inputs[2]!) === 0
}
