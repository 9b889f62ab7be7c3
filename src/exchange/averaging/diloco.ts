import type { AveragerFactory } from '../averager.ts'
import { ringMean } from '../rounds/ring.ts'
import type { LocalSgdInit } from './local-sgd.ts'
import { type OuterRule, outerStep } from './outer-step.ts'
import { synchronousAverager } from './synchronous.ts'

export interface DilocoInit extends LocalSgdInit {
  /** nu, the outer learning rate. Must be > 0. @default 0.7 */
  outerLearningRate?: number
  /** mu, the decay of the outer momentum. Must be in [0, 1). @default 0.9 */
  outerMomentum?: number
}

/**
 * DiLoCo (Douillard et al. 2023, arXiv:2311.08105): local steps, then an outer step of Nesterov's momentum on what the mean
 * of all peers moved since the last one. Delta = phi - mean theta; m <- mu m + Delta; phi <- phi - nu (Delta + mu m);
 * theta <- phi. Every peer keeps phi and m; one that came late has others, and comes to agree as the rounds go by.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function diloco(init: DilocoInit = {}): AveragerFactory {
  const { every = 50, codec = 'float32', timeout = 120, outerLearningRate = 0.7, outerMomentum = 0.9 } = init
  return components =>
    synchronousAverager(components, { every, timeout }, allocate => {
      const scratch = allocate()
      const outer = outerStep(allocate, nesterov(outerLearningRate, outerMomentum))
      return {
        ...outer,
        async mix(meeting, values) {
          await ringMean(meeting, values, scratch, codec)
          outer.step(values)
        },
      }
    })
}

/** Nesterov's momentum: Delta = phi - mean; v' = mu v + Delta; phi' = phi - nu (Delta + mu v'). */
function nesterov(learningRate: number, momentum: number): OuterRule {
  return ({ phi, velocity }, mean, next) => {
    for (let i = 0; i < mean.length; i++) {
      const delta = phi[i]! - mean[i]!
      const v = momentum * velocity[i]! + delta
      next.velocity[i] = v
      next.phi[i] = phi[i]! - learningRate * (delta + momentum * v)
    }
  }
}
