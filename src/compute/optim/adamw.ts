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
    update(parameters, gradients, state, learningRate, age) {
      const [moment1, moment2] = state as [Float32Array, Float32Array]
      const step = { beta1, beta2, keep: 1, ...adamwCorrections({ beta1, beta2, epsilon }, learningRate, age) }
      for (const { start, end, decays } of ranges) {
        step.keep = decays ? 1 - learningRate * weightDecay : 1
        updateRange(parameters, gradients, moment1, moment2, start, end, step)
      }
    },
  }
}

export function adamwOptions(init: AdamWInit): Required<AdamWInit> {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0.1 } = init
  return { beta1, beta2, epsilon, weightDecay }
}

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
  return { epsilon: epsilon * root, rate: (learningRate * root) / (1 - beta1 ** (age + 1)) }
}

interface AdamStep {
  beta1: number
  beta2: number
  epsilon: number
  rate: number
  /** What is left of a parameter after its decay. */
  keep: number
}

function updateRange(
  parameters: Float32Array,
  gradients: Float32Array,
  moment1: Float32Array,
  moment2: Float32Array,
  start: number,
  end: number,
  { beta1, beta2, epsilon, rate, keep }: AdamStep,
): void {
  const gain1 = 1 - beta1
  const gain2 = 1 - beta2
  for (let i = start; i < end; i++) {
    const g = gradients[i]!
    const m = beta1 * moment1[i]! + gain1 * g
    const v = beta2 * moment2[i]! + gain2 * g * g
    moment1[i] = m
    moment2[i] = v
    parameters[i] = keep * parameters[i]! - (rate * m) / (Math.sqrt(v) + epsilon)
  }
}
