import type { Tensor } from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../core/layout.ts'
import type { InputSpec, NamedTensors } from '../models/model.ts'
import type { Batch } from './engine.ts'
import type { Bindings } from './session.ts'
import type { TraceInput } from './trace.ts'

/** How a model's tensors are called as inputs and outputs of graphs, which share one space of names. */
export const parameterName = (name: string) => `parameter/${name}`
export const gradientName = (name: string) => `gradient/${name}`
const inputName = (name: string) => `input/${name}`

/** Inputs of a graph, one for each parameter. */
export const parameterInputs = (
  layout: ParameterLayout,
  nameOf: (name: string) => string = parameterName,
): TraceInput[] => layout.tensors.map(({ name, shape }) => ({ name: nameOf(name), shape, dtype: 'float32' }))

export const batchInput = (spec: InputSpec): TraceInput => ({ ...spec, name: inputName(spec.name) })

export const scalarInput = (name: string): TraceInput => ({ name, shape: [], dtype: 'float32' })

/** A traced graph's inputs as the model knows them. */
export const parametersOf = (
  tensors: NamedTensors,
  layout: ParameterLayout,
  nameOf: (name: string) => string = parameterName,
): NamedTensors => Object.fromEntries(layout.tensors.map(({ name }) => [name, tensors[nameOf(name)]!]))

export const batchOf = (tensors: Record<string, Tensor>, inputs: readonly InputSpec[]): NamedTensors =>
  Object.fromEntries(inputs.map(({ name }) => [name, tensors[inputName(name)]!]))

/** A batch as a graph's inputs. */
export const feedsOf = (batch: Batch): Bindings =>
  Object.fromEntries(Object.entries(batch).map(([name, values]) => [inputName(name), values]))

/** A flat vector as one view for each parameter. */
export const views = (layout: ParameterLayout, memory: Float32Array, nameOf: (name: string) => string): Bindings =>
  Object.fromEntries(
    layout.tensors.map(({ name, offset, length }) => [nameOf(name), memory.subarray(offset, offset + length)]),
  )
