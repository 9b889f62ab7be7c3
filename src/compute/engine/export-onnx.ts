import type { Tensor } from '@tensorflow/tfjs-core'
import { MurmurError } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import type { InputSpec, NamedTensors } from '../models/model.ts'
import type { Graph } from './graph.ts'
import { serialize } from './onnx/serialize.ts'
import { type SymbolicGraph, symbolicBatch } from './onnx/symbolic-batch.ts'
import { optimize } from './optimize.ts'
import { keepEverything } from './passes/dropout.ts'
import { rewrite } from './passes/rewrite.ts'
import { parameterInputs, parametersOf, views } from './signature.ts'
import { traceOrSurvey } from './survey.ts'

export interface OnnxExport {
  /** Maps parameters and the input to logits, as plain tfjs code. */
  forward: (parameters: NamedTensors, input: Tensor) => Tensor
  /** The graph's one input, with the batch first; int32 ones are int64 in the file, as is usual for tokens. */
  input: InputSpec
  memory: { layout: ParameterLayout; parameters: Float32Array }
}

export interface OnnxExportInit {
  /** Batch size; undefined for a graph that takes any. */
  batch?: number
  /** Release of the program. */
  version: string
  /** Told to whoever reads the file. */
  metadata: Readonly<Record<string, string>>
}

/** What a protobuf message may be long, in bytes, with room for the graph itself. */
const LARGEST = 2 ** 31 - 1 - 16 * 1024 * 1024
/** Two sizes to tell from one another, and from the axes that tfjs broadcasts or drops. */
const TRACED_BATCHES = [2, 3] as const

/**
 * An inference graph from input to `logits` in the operators of ai.onnx alone, with the parameters inside, under the
 * names they have in checkpoints.
 * @throws MurmurError `USAGE` when the parameters are too many for one file or the batch size has to be fixed,
 *   `KERNEL_UNSUPPORTED`
 */
export async function exportOnnx(model: OnnxExport, init: OnnxExportInit): Promise<Uint8Array> {
  const { layout, parameters } = model.memory
  if (layout.length * 4 > LARGEST) throw tooLarge(layout.length * 4)
  const { graph, axes } = init.batch === undefined ? await anyBatch(model) : await fixedBatch(model, init.batch)
  return serialize(graph, {
    initializers: views(layout, parameters, name => name),
    symbolic: { name: 'batch', axes },
    producerVersion: init.version,
    metadata: init.metadata,
    plain: true,
  })
}

async function fixedBatch(model: OnnxExport, batch: number): Promise<SymbolicGraph> {
  return { graph: await traceForward(model, batch), axes: new Map() }
}

async function anyBatch(model: OnnxExport): Promise<SymbolicGraph> {
  const [one, other] = TRACED_BATCHES
  const symbolic = symbolicBatch(await traceForward(model, one), await traceForward(model, other))
  if (symbolic) return symbolic
  throw new MurmurError({
    code: 'USAGE',
    message: 'This model computes differently for every batch size: say which one with --batch',
  })
}

async function traceForward({ forward, input, memory }: OnnxExport, batch: number): Promise<Graph> {
  const { layout } = memory
  const own = (name: string) => name
  const sized = { ...input, shape: [batch, ...input.shape.slice(1)] }
  const traced = await traceOrSurvey([...parameterInputs(layout, own), sized], tensors => ({
    logits: forward(parametersOf(tensors, layout, own), tensors[input.name]!),
  }))
  return optimize(withWideInput(keepEverything(traced), input), { plain: true })
}

/** int64 outside, int32 inside. */
function withWideInput(graph: Graph, { name, dtype }: InputSpec): Graph {
  if (dtype !== 'int32') return graph
  return rewrite(graph, (node, _, build) => {
    if (node.op !== 'Input' || node.attributes.name !== name) return undefined
    const wide = build.input(name, { shape: node.outputs[0]!.shape, dtype: 'int64' })
    return [build.add('Cast', [wide], { to: 'int32' })]
  })
}

function tooLarge(bytes: number): MurmurError {
  return new MurmurError({
    code: 'USAGE',
    message: `The parameters are ${bytes} bytes: expected less than 2 GiB, which is all that an ONNX file can hold`,
    details: { bytes, most: LARGEST },
  })
}
