import test from 'ava'
import { type AdamWInit, adamw } from '../../../../src/compute/optim/adamw.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { random } from '../../../../src/core/random.ts'

// Matrices between vectors: ranges with and without decay alternate.
const layout = layoutParameters([
  { name: 'gain', shape: [3], group: 0 },
  { name: 'weight', shape: [2, 3], group: 0 },
  { name: 'head', shape: [3, 1], group: 0 },
  { name: 'bias', shape: [2], group: 1 },
])
const decays = (i: number) => i >= 3 && i < 12

/** Algorithm 2 of arXiv:1711.05101 as it is printed, in double precision. */
function reference(
  init: Required<AdamWInit>,
  rates: number[],
  start: Float32Array,
  gradients: Float32Array[],
): number[] {
  const { beta1, beta2, epsilon, weightDecay } = init
  const w = [...start]
  const m = w.map(() => 0)
  const v = w.map(() => 0)
  for (const [step, rate] of rates.entries()) {
    for (const i of w.keys()) {
      const g = gradients[step]![i]!
      m[i] = beta1 * m[i]! + (1 - beta1) * g
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g
      const corrected = m[i]! / (1 - beta1 ** (step + 1)) / (Math.sqrt(v[i]! / (1 - beta2 ** (step + 1))) + epsilon)
      w[i] = w[i]! - rate * (corrected + (decays(i) ? weightDecay * w[i]! : 0))
    }
  }
  return w
}

const inits: Required<AdamWInit>[] = [
  { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
  { beta1: 0, beta2: 0.999, epsilon: 1e-2, weightDecay: 0 },
  { beta1: 0.8, beta2: 0, epsilon: 0.5, weightDecay: 2 },
]

for (const init of inits) {
  test(`updates are those of the paper with ${JSON.stringify(init)}`, t => {
    const r = random('adamw')
    const normals = () => Float32Array.from({ length: layout.length }, () => r.normal())
    const start = normals()
    const rates = [0.1, 0.05, 0.2, 0.01]
    const gradients = rates.map(normals)
    const optimizer = adamw(layout, init)
    const parameters = Float32Array.from(start)
    const state = optimizer.state.map(() => new Float32Array(layout.length))
    for (const [age, rate] of rates.entries()) optimizer.update(parameters, gradients[age]!, state, rate, age)
    for (const [i, expected] of reference(init, rates, start, gradients).entries()) {
      t.true(Math.abs(parameters[i]! - expected) < 1e-5 * (1 + Math.abs(expected)), `element ${i}`)
    }
  })
}

test('the first step has the length of the learning rate, whatever the gradient', t => {
  const optimizer = adamw(layout, { weightDecay: 0 })
  const parameters = new Float32Array(layout.length)
  const gradients = Float32Array.from(parameters, (_, i) => (i % 2 ? 1e-3 : -1e3))
  optimizer.update(parameters, gradients, [new Float32Array(layout.length), new Float32Array(layout.length)], 0.01, 0)
  for (const [i, value] of parameters.entries()) t.true(Math.abs(value - (i % 2 ? -0.01 : 0.01)) < 1e-6)
})

test('defaults are those documented', t => {
  const updated = (init?: AdamWInit) => {
    const parameters = new Float32Array(layout.length).fill(1)
    const gradients = new Float32Array(layout.length).fill(1e-7)
    const state = [new Float32Array(layout.length), new Float32Array(layout.length)]
    for (const age of [0, 1])
      adamw(layout, init).update(
        parameters,
        gradients.map(g => g * (age + 1)),
        state,
        0.1,
        age,
      )
    return parameters
  }
  t.deepEqual(updated(), updated({ beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 }))
})

test('options are validated', t => {
  t.throws(() => adamw(layout, { beta1: 1 }), { message: 'Expected `beta1` to be in [0, 1), got 1' })
  t.throws(() => adamw(layout, { beta2: -0.1 }), { message: 'Expected `beta2` to be in [0, 1), got -0.1' })
  t.throws(() => adamw(layout, { epsilon: 0 }), { message: 'Expected `epsilon` to be > 0, got 0' })
  t.throws(() => adamw(layout, { weightDecay: Number.NaN }), { message: 'Expected `weightDecay` to be >= 0, got NaN' })
})
