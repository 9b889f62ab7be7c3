import { type Scalar, type Tensor, type TensorContainer, tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core'
import type { Model, NamedTensors } from '../models/model.ts'
import { onBackend } from './active-backend.ts'
import { loadCpuBackend } from './cpu-backend.ts'
import type { Batch, TrainingGraph, TrainingMemory } from './engine.ts'
import { registerGradients } from './tfjs-gradients.ts'

/**
 * The same step on tfjs's own CPU backend, operation by operation: a hundred times slower than the traced graph, and
 * what that is measured against.
 */
export async function eagerTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph> {
  await registerGradients()
  await loadCpuBackend()
  const { layout, parameters, gradients } = memory
  const inputs = model.inputs(batchSize)

  const named = (tensors: Tensor[]): NamedTensors =>
    Object.fromEntries(layout.tensors.map(({ name }, i) => [name, tensors[i]!]))

  const compute = <T extends TensorContainer>(batch: Batch, task: (values: Tensor[], examples: NamedTensors) => T): T =>
    onBackend('cpu', () =>
      tidy(() => {
        const examples: NamedTensors = Object.fromEntries(
          inputs.map(({ name, shape, dtype }) => [name, tensor(batch[name]!, [...shape], dtype)]),
        )
        const values = layout.tensors.map(({ offset, length, shape }) =>
          tensor(parameters.slice(offset, offset + length), [...shape], 'float32'),
        )
        return task(values, examples)
      }),
    )

  return {
    activationBytes: undefined,
    lossAndGradients: async batch =>
      compute(batch, (values, examples) => {
        const loss = (...tensors: Tensor[]): Scalar => model.loss(named(tensors), examples)
        const { value, grads } = valueAndGrads(loss)(values)
        for (const [i, { offset }] of layout.tensors.entries()) {
          gradients.set(grads[i]!.dataSync(), offset)
        }
        return value.dataSync()[0]!
      }),
    evaluate: async batch => {
      const { loss, ...metrics } = compute(batch, (values, examples) => {
        const measured = Object.entries(model.evaluate(named(values), examples))
        return Object.fromEntries(measured.map(([name, value]) => [name, value.dataSync()[0]!]))
      })
      return { loss: loss!, metrics }
    },
    release: async () => {},
  }
}
