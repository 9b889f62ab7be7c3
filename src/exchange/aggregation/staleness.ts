import { invalidOption } from '../../core/invalid-option.ts'

/**
 * What becomes of a delta that was computed `staleness` local steps ago: its weight in (0, 1], or undefined to refuse
 * it. Both sides of a pair use one weight, else the sum over the swarm would not be preserved.
 */
export type StalenessPolicy = (staleness: number) => number | undefined

export type StalenessInit =
  /** Weight 1 whatever the staleness. AD-PSGD, Lian et al. 2018, arXiv:1710.06952 */
  | { policy: 'none' }
  /**
   * Weight 1 up to the bound, refused beyond. The bound of stale synchronous parallel training (Ho et al. 2013, NeurIPS),
   * but nobody waits for it to hold: what would break it is refused.
   */
  | {
      policy: 'bounded'
      /** Local steps. A delta older than this is refused. Must be an integer >= 0. */
      bound: number
    }
  | {
      policy: 'polynomial'
      /** a in weight = (1 + staleness)^-a. Must be >= 0. @default 0.5. FedAsync, Xie et al. 2019, arXiv:1903.03934 */
      exponent?: number
    }
  /** Weight 1 up to the bound b, then 1 / (1 + a (staleness - b)). FedAsync, Xie et al. 2019, arXiv:1903.03934 */
  | {
      policy: 'hinge'
      /** b, in local steps. Must be an integer >= 0. @default 20, a period of averaging; not tuned */
      bound?: number
      /** a, per local step. Must be >= 0. @default 0.1: half the weight ten steps beyond the bound; not tuned */
      slope?: number
    }
  /**
   * Refuses whatever is stale at all, as synchronous training with backup workers drops what comes late (Chen et al.
   * 2016, arXiv:1604.00981): `bounded` at its strictest. Only for exchanges that are faster than steps.
   */
  | { policy: 'drop' }

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function stalenessPolicy(init: StalenessInit): StalenessPolicy {
  switch (init.policy) {
    case 'none':
      return () => 1
    case 'bounded':
      return upTo(steps(init.bound))
    case 'polynomial': {
      const exponent = rate('exponent', init.exponent ?? 0.5)
      return staleness => (1 + staleness) ** -exponent || undefined // so old that nothing is left of it
    }
    case 'hinge': {
      const bound = steps(init.bound ?? 20)
      const slope = rate('slope', init.slope ?? 0.1)
      return staleness => 1 / (1 + slope * Math.max(0, staleness - bound)) || undefined
    }
    case 'drop':
      return upTo(0)
  }
}

function upTo(bound: number): StalenessPolicy {
  return staleness => (staleness <= bound ? 1 : undefined)
}

function steps(bound: number): number {
  if (!Number.isInteger(bound) || bound < 0) throw invalidOption('bound', 'an integer >= 0', bound)
  return bound
}

function rate(key: string, value: number): number {
  if (!(value >= 0 && value < Infinity)) throw invalidOption(key, 'a number >= 0', value)
  return value
}
