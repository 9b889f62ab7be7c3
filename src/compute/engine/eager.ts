import { type Scalar, type Tensor, tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core'
import type { Model, NamedTensors } from '../models/model.ts'
import { onBackend } from './active-backend.ts'
import type { Batch, TrainingGraph, TrainingMemory } from './engine.ts'
import { registerGradients } from './tfjs-gradients.ts'

/**
 * The same step on tfjs's own CPU backend, operation by operation: a hundred times slower than the traced graph, and
 * what that is measured against.
 */
export async function eagerTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph> {
  await registerGradients()
  await import('@tensorflow/tfjs-backend-cpu')
  const { layout, parameters, gradients } = memory
  const inputs = model.inputs(batchSize)

  const evaluate = (batch: Batch, task: (values: Tensor[], loss: (...values: Tensor[]) => Scalar) => number): number =>
    onBackend('cpu', () =>
      tidy(() => {
        const examples: NamedTensors = Object.fromEntries(
          inputs.map(({ name, shape, dtype }) => [name, tensor(batch[name]!, [...shape], dtype)]),
        )
        const values = layout.tensors.map(({ offset, length, shape }) =>
          tensor(parameters.slice(offset, offset + length), [...shape], 'float32'),
        )
        const named = (tensors: Tensor[]): NamedTensors =>
          Object.fromEntries(layout.tensors.map(({ name }, i) => [name, tensors[i]!]))
        return task(values, (...tensors) => model.loss(named(tensors), examples))
      }),
    )

  return {
    activationBytes: undefined,
    lossAndGradients: async batch =>
      evaluate(batch, (values, loss) => {
        const { value, grads } = valueAndGrads(loss)(values)
        for (const [i, { offset }] of layout.tensors.entries()) {
          gradients.set(grads[i]!.dataSync(), offset)
        }
        return value.dataSync()[0]!
      }),
    loss: async batch => evaluate(batch, (values, loss) => loss(...values).dataSync()[0]!),
    release: async () => {},
  }
}
