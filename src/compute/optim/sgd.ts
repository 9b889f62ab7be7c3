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
    update(parameters, gradients, state, learningRate) {
      const velocity = state[0]!
      for (let i = 0; i < parameters.length; i++) {
        const v = momentum * velocity[i]! + gradients[i]!
        velocity[i] = v
        parameters[i] = parameters[i]! - learningRate * v
      }
    },
  }
}

export function sgdOptions({ momentum = 0.9 }: SgdInit): Required<SgdInit> {
  return { momentum }
}

const plainSgd: Optimizer = {
  state: [],
  update(parameters, gradients, _, learningRate) {
    for (let i = 0; i < parameters.length; i++) parameters[i] = parameters[i]! - learningRate * gradients[i]!
  },
}
