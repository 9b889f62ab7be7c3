import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import test from 'ava'
import { onBackend } from '../../src/compute/engine/active-backend.ts'
import type { KernelRules } from '../../src/compute/engine/kernels/rule.ts'
import { kernelTable } from '../../src/compute/engine/kernels/table.ts'
import { optimize } from '../../src/compute/engine/optimize.ts'
import { openSession } from '../../src/compute/engine/session.ts'
import { registerGradients } from '../../src/compute/engine/tfjs-gradients.ts'
import { type Compute, trace } from '../../src/compute/engine/trace.ts'
import { type Random, random } from '../../src/core/random.ts'
import { relativeError } from '../support/relative-error.ts'
import type { Inputs, KernelCase, Numbers } from './kernels/case.ts'
import { asCompute, dtypeOf, floatsOf, specsOf } from './kernels/compute.ts'

export interface KernelSuiteInit {
  /** Cases of random shapes and values, by what they are about. */
  generators: Readonly<Record<string, (r: Random) => readonly KernelCase[]>>
  /** Each generates all cases anew. */
  seeds: readonly string[]
}

/**
 * Each case runs traced, optimized and by onnxruntime, and must equal tfjs's CPU backend to 1e-5: values and, unless it
 * says otherwise, gradients, which must also equal finite differences to 1e-3. Fails if a rule of the table is in no case.
 */
export function kernelSuite({ generators, seeds }: KernelSuiteInit): void {
  const seen = new Set<string>()
  const rules: KernelRules = Object.fromEntries(
    Object.entries(kernelTable).map(([kernel, rule]) => [
      kernel,
      (...given: Parameters<typeof rule>) => {
        seen.add(kernel)
        return rule(...given)
      },
    ]),
  )
  test.before(registerGradients)
  for (const seed of seeds) {
    for (const [about, generate] of Object.entries(generators)) {
      for (const [i, each] of generate(random(`kernels ${seed} ${about}`)).entries()) {
        test.serial(`${about} ${i} of seed ${seed}: ${each.title}`, async t => {
          const { gradient = 'tfjs' } = each
          const compute = asCompute(each, gradient !== 'none')
          const traced = await open(each.inputs, compute, rules)
          try {
            const numbers = await traced.run(each.inputs)
            const eager = runEagerly(each.inputs, gradient === 'exact' ? asCompute(each, false) : compute)
            for (const [name, expected] of Object.entries(eager)) {
              const error = relativeError(numbers[name]!, expected)
              t.true(error <= 1e-5, `${name}: relative error ${error}`)
            }
            if (gradient === 'none') return
            const { expected, actual, scale } = await slopes(each.inputs, numbers, traced.run, random(seed))
            t.true(Math.abs(expected - actual) <= 1e-3 * scale, `finite differences ${expected}, gradient ${actual}`)
          } finally {
            await traced.release()
          }
        })
      }
    }
  }
  test.serial('every kernel of the table is in a case', t => {
    t.deepEqual(
      Object.keys(kernelTable).filter(kernel => !seen.has(kernel)),
      [],
    )
  })
}

async function open(inputs: Inputs, compute: Compute, rules: KernelRules) {
  const session = await openSession(
    optimize(trace(specsOf(inputs), compute, rules)),
    {},
    { provider: 'cpu', threads: 1 },
  )
  return {
    run: async (data: Inputs): Promise<Numbers> => {
      const feeds = Object.fromEntries(Object.entries(data).map(([name, { values }]) => [name, values]))
      const results = Object.entries(await session.run(feeds))
      return Object.fromEntries(results.map(([name, values]) => [name, Float32Array.from(values)]))
    },
    release: () => session.release(),
  }
}

function runEagerly(inputs: Inputs, compute: Compute): Numbers {
  return onBackend('cpu', () => {
    const numbers: Record<string, Float32Array> = {}
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, data]) => [name, tf.tensor(data.values, [...data.shape], dtypeOf(data))]),
      )
      for (const [name, tensor] of Object.entries(compute(tensors)))
        numbers[name] = Float32Array.from(tensor.dataSync())
    })
    return numbers
  })
}

const step = 0.02

/**
 * The slope of the weighted sum of the values along a random direction of length 1, by central differences of fourth
 * order and from the gradients.
 */
async function slopes(inputs: Inputs, numbers: Numbers, run: (data: Inputs) => Promise<Numbers>, r: Random) {
  const floats = floatsOf(inputs)
  const raw = floats.map(name =>
    Float64Array.from(inputs[name]!.values, () => (r.next() < 0.5 ? -1 : 1) * (0.5 + r.next())),
  )
  const length = Math.sqrt(raw.reduce((sum, list) => sum + list.reduce((all, v) => all + v * v, 0), 0))
  const along = raw.map(list => list.map(v => v / length))
  let actual = 0
  let squares = 0
  for (const [i, name] of floats.entries()) {
    for (const [k, slope] of numbers[`d ${name}`]!.entries()) {
      actual += slope * along[i]![k]!
      squares += slope * slope
    }
  }
  const at = async (distance: number): Promise<number> => {
    const moved = Object.fromEntries(
      floats.map((name, i) => {
        const values = inputs[name]!.values.map((v, k) => v + distance * along[i]![k]!)
        return [name, { ...inputs[name]!, values: Float32Array.from(values) }]
      }),
    )
    const results = await run({ ...inputs, ...moved })
    let sum = 0
    for (const [name, values] of Object.entries(results)) {
      if (name.startsWith('value')) sum = values.reduce((all, v, i) => all + v * Math.fround(Math.cos(i + 1)), sum)
    }
    return sum
  }
  const [a, b, c, d] = [await at(-2 * step), await at(-step), await at(step), await at(2 * step)]
  const expected = (a! - 8 * b! + 8 * c! - d!) / (12 * step)
  return { expected, actual, scale: Math.max(Math.sqrt(squares), 1e-2) }
}
