import { simdFor } from '../../core/arena.ts'
import { addScaled } from '../../core/vector.ts'
import { checkOption } from './check-option.ts'
import type { Optimizer } from './optimizer.ts'

export interface SgdInit {
  /** Decay of the velocity, per step; 0 is plain SGD and needs no state. Must be in [0, 1). @default 0.9 */
  momentum?: number
}

/**
 * Stochastic gradient descent with heavy-ball momentum (Sutskever et al. 2013), in the form where the learning rate is
 * outside the velocity, so that a schedule takes effect at once: v <- momentum v + g, w <- w - rate v.
 */
export function sgd(init: SgdInit = {}): Optimizer {
  const { momentum } = sgdOptions(init)
  checkOption('momentum', momentum, momentum >= 0 && momentum < 1, 'in [0, 1)')
  if (momentum === 0) return plainSgd
  return {
    state: ['momentum'],
    update(parameters, gradients, state, learningRate, _, gradientScale = 1) {
      const velocity = state[0]!
      const { length } = parameters
      const simd = simdFor(length, parameters, gradients, velocity)
      if (simd) {
        const [w, g, v] = [parameters.byteOffset, gradients.byteOffset, velocity.byteOffset]
        simd.loops.momentum(w, g, v, length, gradientScale, momentum, learningRate)
      } else {
        plainUpdate(parameters, gradients, velocity, { scale: gradientScale, momentum, rate: learningRate })
      }
    },
  }
}

/** The reference: float32 after every operation, as the loop in assembly/loops.ts. */
function plainUpdate(
  parameters: Float32Array,
  gradients: Float32Array,
  velocity: Float32Array,
  step: { scale: number; momentum: number; rate: number },
): void {
  const { fround } = Math
  const scale = fround(step.scale)
  const momentum = fround(step.momentum)
  const rate = fround(step.rate)
  for (let i = 0; i < parameters.length; i++) {
    const v = fround(fround(momentum * velocity[i]!) + fround(scale * gradients[i]!))
    velocity[i] = v
    parameters[i] = parameters[i]! - fround(rate * v)
  }
}

export function sgdOptions({ momentum = 0.9 }: SgdInit): Required<SgdInit> {
  return { momentum }
}

const plainSgd: Optimizer = {
  state: [],
  update(parameters, gradients, _, learningRate, __, gradientScale = 1) {
    addScaled(parameters, gradients, -learningRate * gradientScale)
  },
}
