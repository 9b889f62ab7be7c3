import { invalidOption } from '../../core/invalid-option.ts'
import type { AveragerFactory } from '../averager.ts'
import { wireFormat } from '../compression/wire-format.ts'
import { mixWithNeighbours } from '../rounds/neighbours.ts'
import { createTopology } from '../topology/topologies.ts'
import type { LocalSgdInit } from './local-sgd.ts'
import { type OuterRule, outerStep } from './outer-step.ts'
import { synchronousAverager } from './synchronous.ts'

export interface NolocoInit extends LocalSgdInit {
  /** Local steps between two outer steps, H. Must be an integer >= 1. @default 50 */
  every?: number
  /** gamma = beta. Must be > 0 and < 2 (1 - outerMomentum^2), else pairs drift apart. @default 0.7 */
  outerLearningRate?: number
  /** alpha, the decay of the outer momentum. Must be in [0, 1). @default 0.5 */
  outerMomentum?: number
}

/**
 * NoLoCo (Kolehmainen et al. 2025, arXiv:2506.10911): local steps, then an outer step of momentum towards the mean of a random
 * pair, other pairs in every round. m <- alpha m + beta mean(Delta) + gamma (mean(phi) - phi), which for beta = gamma is
 * m <- alpha m + gamma (mean(theta) - phi); phi <- phi + m; theta <- phi. So theta alone is sent: P values a round, to one
 * peer. Where the number is odd, one is a pair by itself: it takes its outer step towards its own theta, so that all have made
 * as many, and the mean over all peers moves as if nobody had been left out.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function noloco(init: NolocoInit = {}): AveragerFactory {
  const { every = 50, codec = 'float32', timeout = 120, outerLearningRate = 0.7, outerMomentum = 0.5 } = init
  requireStable(outerLearningRate, outerMomentum)
  const format = wireFormat(codec)
  return components =>
    synchronousAverager(components, { every, timeout }, allocate => {
      const topology = createTopology({ kind: 'matching', seed: components.run })
      const scratch = { own: allocate(), received: allocate() }
      const outer = outerStep(allocate, towardsMean(outerLearningRate, outerMomentum))
      return {
        ...outer,
        async mix(meeting, values) {
          await mixWithNeighbours(meeting, topology, values, scratch, format)
          outer.step(values)
        },
      }
    })
}

/**
 * The outer step towards a mean: v' = alpha v + gamma (mean - phi); phi' = phi + v'. Does not ask whether that is stable:
 * `requireStable`.
 */
export function towardsMean(learningRate: number, momentum: number): OuterRule {
  return ({ phi, velocity }, mean, next) => {
    for (let i = 0; i < mean.length; i++) {
      const v = momentum * velocity[i]! + learningRate * (mean[i]! - phi[i]!)
      next.velocity[i] = v
      next.phi[i] = phi[i]! + v
    }
  }
}

/**
 * Among many peers that meet in random pairs, let d be the deviation of a peer's phi and v that of its velocity. A round makes
 * of the moments (E d^2, E d v, E v^2) a linear function of themselves, which has the eigenvalue 1 at gamma = 2 (1 - alpha^2):
 * disagreement shrinks below and grows beyond.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
function requireStable(learningRate: number, momentum: number): void {
  if (!(momentum >= 0 && momentum < 1)) throw invalidOption('outerMomentum', 'a number >= 0 and < 1', momentum)
  const limit = 2 * (1 - momentum ** 2)
  if (learningRate > 0 && learningRate < limit) return
  const expected = `a number > 0 and < 2 (1 - outerMomentum^2) = ${Number(limit.toPrecision(3))}`
  throw invalidOption('outerLearningRate', expected, learningRate)
}
