import * as tf from '@tensorflow/tfjs-core'
import { MurmurError } from '../../core/errors.ts'
import type { GraphBuilder } from './builder.ts'
import type { ConstantData, DataType, Value } from './graph.ts'
import { seedInput } from './random-values.ts'

/** A tfjs backend whose tensors are values of a graph: it stores what is computed, never numbers. */
export class TraceBackend extends tf.KernelBackend {
  readonly #build: GraphBuilder
  readonly #values: tf.DataStorage<Value>
  #seed: Value | undefined
  #sites = 0

  constructor(build: GraphBuilder) {
    super()
    this.#build = build
    this.#values = new tf.DataStorage<Value>(this, tf.engine())
  }

  lookUp(dataId: tf.DataId): Value {
    return this.#values.get(dataId)
  }

  /** A tensor that stands for `value`. */
  keep(value: Value): tf.TensorInfo {
    const dataId = {}
    this.#values.set(dataId, value)
    return { dataId, shape: [...value.shape], dtype: tfjsType(value.dtype) }
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {}
    this.#values.set(dataId, drawing() ? this.#random(shape) : this.#constant(values, shape, dtype))
    return dataId
  }

  /** Receives a tensor that lived on another backend: its numbers become a constant. */
  override move(dataId: tf.DataId, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.#values.set(dataId, this.#constant(values, shape, dtype))
  }

  /** What tfjs drew on the host would be the same in every run: it is drawn in the graph instead. */
  #random(shape: readonly number[]): Value {
    this.#seed ??= seedInput(this.#build)
    return this.#build.add('RandomUniform', [this.#seed], { shape, site: this.#sites++ })
  }

  #constant(values: tf.BackendValues, shape: readonly number[], dtype: tf.DataType): Value {
    const data = constantData(values, dtype)
    const uniform = data.length > 0 && data.every(value => value === data[0])
    return this.#build.constant(uniform ? data.slice(0, 1) : data, { shape, dtype: graphType(dtype) })
  }

  override readSync(): never {
    throw new MurmurError({
      code: 'KERNEL_UNSUPPORTED',
      message: 'The model reads values of a tensor (data, dataSync, array, print), which a traced graph does not have',
      details: { kernels: ['dataSync'] },
    })
  }

  override async read(): Promise<never> {
    return this.readSync()
  }

  override numDataIds(): number {
    return this.#values.numDataIds()
  }

  override refCount(dataId: tf.DataId): number {
    return this.#values.has(dataId) ? 1 : 0
  }

  override incRef(): void {} // no two tensors share a data id here

  override disposeData(dataId: tf.DataId): boolean {
    this.#values.delete(dataId)
    return true
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }

  override floatPrecision(): 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override dispose(): void {}
}

/**
 * Whether the tensor being written holds the uniform numbers of tf.dropout. tfjs opens a scope named after each operation.
 * @throws MurmurError `KERNEL_UNSUPPORTED` if they are other random numbers, of whose distribution nothing is known here
 */
function drawing(): boolean {
  const [outer, inner] = tf
    .engine()
    .state.scopeStack.slice(-2)
    .map(({ name }) => name)
  const operation = /^(rand\w*|truncatedNormal)__op$/.exec(inner ?? '')?.[1]
  if (!operation) return false
  if (operation === 'randomUniform' && outer === 'dropout__op') return true
  throw new MurmurError({
    code: 'KERNEL_UNSUPPORTED',
    message: `A model calls tf.${operation} while it is traced: the same numbers would come back in every step. Of random operations, tf.dropout can be traced`,
    details: { kernels: [operation] },
  })
}

function graphType(dtype: tf.DataType): DataType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype
  throw unsupportedType(dtype)
}

function tfjsType(dtype: DataType): tf.DataType {
  if (dtype !== 'int64' && dtype !== 'float16') return dtype
  throw new TypeError(`${dtype} is internal to the graph: a kernel rule must cast it back`)
}

function constantData(values: tf.BackendValues, dtype: tf.DataType): ConstantData {
  if (dtype === 'float32') return Float32Array.from(values as Float32Array)
  if (dtype === 'int32') return Int32Array.from(values as Int32Array)
  if (dtype === 'bool') return Uint8Array.from(values as Uint8Array)
  throw unsupportedType(dtype)
}

const unsupportedType = (dtype: string) =>
  new MurmurError({
    code: 'KERNEL_UNSUPPORTED',
    message: `A model uses tensors of type ${dtype}; float32, int32 and bool can be traced`,
    details: { dtype },
  })
