import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { UntraceableError } from '../untraceable.ts'
import { elementwiseKernels } from './elementwise.ts'
import type { KernelAttributes } from './rule.ts'

/** tfjs's names of the activations of its fused kernels, as the kernels that they are. */
const kernelOf: Readonly<Record<string, string>> = {
  elu: 'Elu',
  leakyrelu: 'LeakyRelu',
  linear: 'Identity',
  prelu: 'Prelu',
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
}

type FusedInputs = Readonly<Record<string, Value | undefined>>

/** What a fused kernel does to its result: adds a bias and applies an activation. */
export function finish(build: GraphBuilder, x: Value, inputs: FusedInputs, attributes: KernelAttributes): Value {
  const { bias, preluActivationWeights: alpha } = inputs
  const kernel = kernelOf[String(attributes.activation ?? 'linear')]
  if (!kernel) throw new UntraceableError(`fused activation ${attributes.activation}`)
  const sum = bias ? build.add('Add', [x, bias]) : x
  const operands = { x: sum, ...(alpha && { alpha }) }
  return elementwiseKernels[kernel]!(build, operands, { alpha: attributes.leakyreluAlpha }) as Value
}
