import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { onBackend } from '../../../../../src/compute/engine/active-backend.ts'
import { eagerEngine } from '../../../../../src/compute/engine/eager/eager-engine.ts'
import { type Case, Tensors, wasmCases } from './wasm-cases.ts'

test.before(async () => {
  await eagerEngine('wasm')
  tf.setBackend('cpu')
})

interface Result {
  type: string
  values: Float32Array
}

const compute = (name: string, run: Case): Result[] => {
  const results: Result[] = []
  tf.tidy(() => {
    for (const tensor of [run(new Tensors(name))].flat()) {
      results.push({ type: `${tensor.dtype}[${tensor.shape}]`, values: Float32Array.from(tensor.dataSync()) })
    }
  })
  return results
}

/**
 * Runs a task on memory that held other numbers before, with known ones beside what it allocates: a kernel that counts
 * on zeros, or writes beyond its output, is found out.
 */
function onGuardedMemory<T>(task: () => T): { value: T; intact: boolean } {
  const sizes = [1, 2, 3, 4, 5, 6, 8, 12, 15, 20, 24, 36, 48, 60, 80, 96, 120, 160, 252]
  const known = () => sizes.flatMap(size => [0, 1, 2, 3].map(() => tf.tensor1d(new Float32Array(size).fill(7.25))))
  const tensors = known()
  const [freed, guards] = [tensors.filter((_, i) => i % 2 === 0), tensors.filter((_, i) => i % 2 === 1)]
  tf.dispose(freed)
  const value = task()
  const intact = guards.every(guard => guard.dataSync().every(element => element === 7.25))
  tf.dispose(guards)
  return { value, intact }
}

const agree = (a: number, b: number, tolerance: number) => Object.is(a, b) || Math.abs(a - b) <= tolerance

/** What is wrong with a kernel's result; undefined if nothing is. */
function fault(name: string, run: Case): string | undefined {
  const expected = onBackend('cpu', () => compute(name, run))
  const { value: actual, intact } = onBackend('wasm', () => onGuardedMemory(() => compute(name, run)))
  if (!intact) return `${name}: wrote beyond its output`
  for (const [i, { type, values }] of expected.entries()) {
    if (actual[i]?.type !== type) return `${name}: output ${i} is ${actual[i]?.type}, not ${type}`
    const scale = values.filter(Number.isFinite).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3)
    const wrong = actual[i].values.findIndex((value, j) => !agree(value, values[j]!, 1e-5 * scale))
    if (wrong >= 0) return `${name}: output ${i} has ${actual[i].values[wrong]} for ${values[wrong]} at ${wrong}`
  }
  return undefined
}

// tfjs's CPU backend is the reference: its gradients equal differences (`onnx-engine.test.ts`).
test.serial('every kernel gives what the CPU backend gives, and writes nowhere else', t => {
  const tensors = tf.memory().numTensors
  const faults = [...wasmCases].map(([name, run]) => fault(name, run)).filter(found => found !== undefined)
  t.deepEqual(faults, [])
  t.is(tf.memory().numTensors, tensors)
  for (const backend of ['wasm', 'cpu']) t.is(tf.engine().findBackend(backend).numDataIds(), 0, backend)
})
