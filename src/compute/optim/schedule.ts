import { checkOption } from './check-option.ts'

/** Maps local steps finished to a factor of the peak learning rate, in [0, 1]. */
export type Schedule = (step: number) => number

export type ScheduleConfig =
  | { kind: 'constant' /** Steps of linear rise. Must be an integer >= 0. */; warmup: number }
  | {
      kind: 'cosine'
      /** Steps of linear rise. Must be an integer >= 0. */
      warmup: number
      /** Factor of the last step. Must be in [0, 1]. */
      final: number
    }

/**
 * Linear warm-up, then the peak for ever or half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983) from the peak at
 * the first step after the warm-up to `final` at the last of `steps` steps, and `final` from then on.
 */
export function createSchedule(config: ScheduleConfig, steps: number): Schedule {
  const { warmup } = config
  checkOption('warmup', warmup, Number.isInteger(warmup) && warmup >= 0, 'an integer >= 0')
  const rise = (step: number) => Math.min(1, (step + 1) / (warmup + 1))
  if (config.kind === 'constant') return rise
  const { final } = config
  checkOption('final', final, final >= 0 && final <= 1, 'in [0, 1]')
  const span = Math.max(1, steps - 1 - warmup)
  return step => {
    if (step < warmup) return rise(step)
    const progress = Math.min(1, (step - warmup) / span)
    return final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * progress))
  }
}
