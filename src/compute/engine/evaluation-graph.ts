import type { ParameterLayout } from '../../core/layout.ts'
import type { Model } from '../models/model.ts'
import type { Graph } from './graph.ts'
import type { Measurement } from './measurement.ts'
import { keepEverything } from './passes/dropout.ts'
import type { Elements } from './session.ts'
import { batchInput, batchOf, parameterInputs, parametersOf } from './signature.ts'
import { traceOrSurvey } from './survey.ts'

/**
 * Parameters and batch -> the scalars that the model's `evaluate` returns; nothing is dropped.
 * @throws MurmurError `KERNEL_UNSUPPORTED`
 */
export async function evaluationGraph(model: Model, layout: ParameterLayout, batchSize: number): Promise<Graph> {
  const inputs = model.inputs(batchSize)
  const traced = await traceOrSurvey([...parameterInputs(layout), ...inputs.map(batchInput)], tensors => ({
    ...model.evaluate(parametersOf(tensors, layout), batchOf(tensors, inputs)),
  }))
  return keepEverything(traced)
}

/** What a run of that graph returned. */
export function measurementOf({ loss, ...metrics }: Readonly<Record<string, Elements>>): Measurement {
  const values = Object.entries(metrics).map(([name, [value]]) => [name, value!] as const)
  return { loss: loss![0]!, metrics: Object.fromEntries(values) }
}
