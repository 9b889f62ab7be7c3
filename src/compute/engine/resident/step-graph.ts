import {
  add,
  maximum,
  mul,
  reciprocal,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../../core/layout.ts'
import type { Model, NamedTensors } from '../../models/model.ts'
import { decays } from '../../optim/decay.ts'
import type { Precision } from '../engine.ts'
import { lossAndGradients, lossScaleName } from '../gradients.ts'
import type { Graph } from '../graph.ts'
import { batchInput, batchOf, parameterInputs, parameterName, scalarInput } from '../signature.ts'
import { traceOrSurvey } from '../survey.ts'
import { registerGradients } from '../tfjs-gradients.ts'
import type { TraceInput } from '../trace.ts'
import type { UpdateExpression } from './update-expressions.ts'

/** How a step's vectors are called: one tensor for each parameter in each. */
export const stateName = (vector: string) => (name: string) => `${vector}/${name}`
export const sumName = (name: string) => `sum/${name}`
/** What takes the place of an input of that name. */
export const nextName = (input: string) => `next/${input}`

export interface StepGraphInit {
  model: Model
  layout: ParameterLayout
  /** Examples in a micro-batch. */
  batchSize: number
  /** Micro-batches in a step. */
  microBatches: number
  /** The micro-batch is not the step's first: its gradient is added to `sum/...`. */
  continues: boolean
  precision: Precision
}

const inputsOf = ({ model, layout, batchSize, continues, precision }: StepGraphInit): TraceInput[] => [
  ...parameterInputs(layout),
  ...(continues ? parameterInputs(layout, sumName) : []),
  ...model.inputs(batchSize).map(batchInput),
  ...(precision === 'mixed' ? [scalarInput(lossScaleName)] : []),
]

/**
 * Parameters, batch and what was summed before -> this micro-batch's share of the mean `loss`, and `next/sum/...`: the
 * mean gradient so far.
 * @throws MurmurError `KERNEL_UNSUPPORTED`
 */
export async function accumulationGraph(init: StepGraphInit): Promise<Graph> {
  await registerGradients()
  return await traceOrSurvey(inputsOf(init), tensors => {
    const { loss, gradients } = meanGradients(init, tensors)
    return { loss, ...named(init.layout, gradients, name => nextName(sumName(name))) }
  })
}

/**
 * A step's last micro-batch and the update: parameters, optimizer state, batch, scalars -> this micro-batch's share of
 * `loss`, `gradientNorm` of the whole, and what takes the place of parameters and state.
 * @param gradientClip largest Euclidean norm of the gradient; 0 leaves it alone
 * @throws MurmurError `KERNEL_UNSUPPORTED`
 */
export async function updateGraph(init: StepGraphInit, update: UpdateExpression, gradientClip: number): Promise<Graph> {
  await registerGradients()
  const { layout } = init
  const inputs = [
    ...inputsOf(init),
    ...update.state.flatMap(vector => parameterInputs(layout, stateName(vector))),
    ...update.scalars.map(scalarInput),
  ]
  return await traceOrSurvey(inputs, tensors => {
    const { loss, gradients } = meanGradients(init, tensors)
    const squares = layout.tensors.flatMap(({ statistic }, i) => (statistic ? [] : [sum(square(gradients[i]!))]))
    const gradientNorm = sqrt(squares.reduce((all, one) => add(all, one)))
    const scale = gradientClip > 0 ? clipScale(gradientNorm, gradientClip) : undefined
    const outputs: Record<string, Tensor> = { loss, gradientNorm }
    for (const [i, { name, shape, statistic }] of layout.tensors.entries()) {
      const parameter = tensors[parameterName(name)]!
      const gradient = gradients[i]!
      const state = update.state.map(vector => tensors[stateName(vector)(name)]!)
      const clipped = scale ? mul(gradient, scale) : gradient
      const next = update.update(
        {
          parameter,
          gradient: statistic ? zerosLike(gradient) : clipped,
          state,
          decays: decays(shape) && !statistic,
        },
        tensors,
      )
      outputs[nextName(parameterName(name))] = statistic ? sub(parameter, gradient) : next.parameter
      for (const [k, vector] of update.state.entries()) outputs[nextName(stateName(vector)(name))] = next.state[k]!
    }
    return outputs
  })
}

/** min(1, limit / norm) */
const clipScale = (norm: Tensor, limit: number): Tensor => mul(limit, reciprocal(maximum(norm, limit)))

function meanGradients(
  { model, layout, batchSize, microBatches, continues }: StepGraphInit,
  tensors: NamedTensors,
): { loss: Tensor; gradients: Tensor[] } {
  const batch = batchOf(tensors, model.inputs(batchSize))
  const names = layout.tensors.map(({ name }) => name)
  const share = (...values: Tensor[]): Scalar => {
    const loss = model.loss(Object.fromEntries(names.map((name, i) => [name, values[i]!])), batch)
    return microBatches > 1 ? mul(loss, 1 / microBatches) : loss
  }
  const values = names.map(name => tensors[parameterName(name)]!)
  const found = lossAndGradients(share, values, tensors[lossScaleName])
  if (!continues) return found
  return { ...found, gradients: found.gradients.map((one, i) => add(one, tensors[sumName(names[i]!)]!)) }
}

const named = (layout: ParameterLayout, tensors: readonly Tensor[], nameOf: (name: string) => string) =>
  Object.fromEntries(layout.tensors.map(({ name }, i) => [nameOf(name), tensors[i]!]))
