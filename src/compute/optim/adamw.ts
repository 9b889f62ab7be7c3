import { type Simd, simdFor } from '../../core/arena.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { checkOption } from './check-option.ts'
import { decayRanges } from './decay.ts'
import type { Optimizer } from './optimizer.ts'

export interface AdamWInit {
  /** Decay of the first moment, per step. Must be in [0, 1). @default 0.9 */
  beta1?: number
  /** Decay of the second moment, per step. Must be in [0, 1). @default 0.95 */
  beta2?: number
  /** Added to the root of the second moment. Must be > 0. @default 1e-8 */
  epsilon?: number
  /** Decoupled weight decay, scaled by the learning rate. Must be >= 0. @default 0.1 */
  weightDecay?: number
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2):
 * m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2,
 * w <- w - rate (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + decay w).
 */
export function adamw(layout: ParameterLayout, init: AdamWInit = {}): Optimizer {
  const { beta1, beta2, epsilon, weightDecay } = adamwOptions(init)
  checkOption('beta1', beta1, beta1 >= 0 && beta1 < 1, 'in [0, 1)')
  checkOption('beta2', beta2, beta2 >= 0 && beta2 < 1, 'in [0, 1)')
  checkOption('epsilon', epsilon, epsilon > 0, '> 0')
  checkOption('weightDecay', weightDecay, weightDecay >= 0, '>= 0')
  const ranges = decayRanges(layout)
  return {
    state: ['moment1', 'moment2'],
    update(parameters, gradients, state, learningRate, age, gradientScale = 1) {
      const [moment1, moment2] = state as [Float32Array, Float32Array]
      const vectors = { parameters, gradients, moment1, moment2 }
      const step = {
        scale: gradientScale,
        beta1,
        beta2,
        decay: 0,
        ...adamwCorrections({ beta1, beta2, epsilon }, learningRate, age),
      }
      const simd = simdFor(layout.length, parameters, gradients, moment1, moment2)
      const updateRange = simd ? fastUpdate(simd) : plainUpdate
      for (const { start, end, decays } of ranges) {
        step.decay = decays ? learningRate * weightDecay : 0
        updateRange(vectors, step, start, end)
      }
    },
  }
}

export function adamwOptions(init: AdamWInit): Required<AdamWInit> {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0.1 } = init
  return { beta1, beta2, epsilon, weightDecay }
}

/** Of float32. An epsilon that vanished would divide 0 by 0. */
const SMALLEST_NORMAL = 2 ** -126

/**
 * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) = c m / (sqrt(v) + e): two corrections for all elements.
 * Returns e, and c times the learning rate.
 */
export function adamwCorrections(
  { beta1, beta2, epsilon }: Pick<Required<AdamWInit>, 'beta1' | 'beta2' | 'epsilon'>,
  learningRate: number,
  age: number,
): { epsilon: number; rate: number } {
  const root = Math.sqrt(1 - beta2 ** (age + 1))
  return { epsilon: Math.max(epsilon * root, SMALLEST_NORMAL), rate: (learningRate * root) / (1 - beta1 ** (age + 1)) }
}

interface AdamVectors {
  parameters: Float32Array
  gradients: Float32Array
  moment1: Float32Array
  moment2: Float32Array
}

interface AdamStep {
  /** Of the gradient. */
  scale: number
  beta1: number
  beta2: number
  epsilon: number
  rate: number
  /** What a parameter loses, as a part of it. */
  decay: number
}

type RangeUpdate = (vectors: AdamVectors, step: AdamStep, start: number, end: number) => void

function fastUpdate({ loops }: Simd): RangeUpdate {
  return ({ parameters, gradients, moment1, moment2 }, { scale, beta1, beta2, epsilon, rate, decay }, start, end) =>
    loops.adamw(
      parameters.byteOffset + 4 * start,
      gradients.byteOffset + 4 * start,
      moment1.byteOffset + 4 * start,
      moment2.byteOffset + 4 * start,
      end - start,
      scale,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      epsilon,
      rate,
      decay,
    )
}

/** The reference: float32 after every operation, as the loop in assembly/loops.ts. */
function plainUpdate(
  { parameters, gradients, moment1, moment2 }: AdamVectors,
  step: AdamStep,
  start: number,
  end: number,
): void {
  const { fround, sqrt } = Math
  const scale = fround(step.scale)
  const beta1 = fround(step.beta1)
  const gain1 = fround(1 - step.beta1)
  const beta2 = fround(step.beta2)
  const gain2 = fround(1 - step.beta2)
  const epsilon = fround(step.epsilon)
  const rate = fround(step.rate)
  const decay = fround(step.decay)
  for (let i = start; i < end; i++) {
    const g = fround(scale * gradients[i]!)
    const m = fround(fround(beta1 * moment1[i]!) + fround(gain1 * g))
    const v = fround(fround(beta2 * moment2[i]!) + fround(fround(gain2 * g) * g))
    const w = parameters[i]!
    moment1[i] = m
    moment2[i] = v
    const direction = fround(fround(rate * m) / fround(fround(sqrt(v)) + epsilon))
    parameters[i] = w - fround(direction + fround(decay * w))
  }
}
