import { MurmurError } from '../../core/errors.ts'

/**
 * What becomes of a delta that was computed `staleness` local steps ago: its weight in (0, 1], or undefined to refuse
 * it. Both sides of a pair use one weight, else the sum over the swarm would not be preserved.
 */
export type StalenessPolicy = (staleness: number) => number | undefined

export type StalenessInit =
  | { policy: 'none' }
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

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function stalenessPolicy(init: StalenessInit): StalenessPolicy {
  switch (init.policy) {
    case 'none':
      return () => 1
    case 'bounded': {
      const { bound } = init
      if (!Number.isInteger(bound) || bound < 0) throw invalid('bound', 'an integer >= 0', bound)
      return staleness => (staleness <= bound ? 1 : undefined)
    }
    case 'polynomial': {
      const { exponent = 0.5 } = init
      if (!(exponent >= 0 && exponent < Infinity)) throw invalid('exponent', 'a number >= 0', exponent)
      return staleness => (1 + staleness) ** -exponent || undefined // so old that nothing is left of it
    }
  }
}

function invalid(key: string, expected: string, value: unknown): MurmurError {
  return new MurmurError({
    code: 'SPECIFICATION_INVALID',
    message: `Expected \`${key}\` to be ${expected}, got ${value}`,
    details: { key, value, expected },
  })
}
