import { formatDuration, formatPercent } from '../figure/format.ts'
import type { Fidelity, Pair } from './compare-records.ts'

/** The comparison in a sentence. */
export function describeFidelity(fidelity: Fidelity, tolerance: number): string {
  const { arm, seed, lossByTokens, lossByTime, duration, toTarget, within } = fidelity
  return [
    `${arm}, seed ${seed}: simulated and real are ${within ? '' : 'not '}within ${formatPercent(tolerance)}`,
    `loss at equal tokens differs by ${formatPercent(lossByTokens.relative)}, at equal time by ${formatPercent(lossByTime.relative)}`,
    `time for all tokens ${describePair(duration)}`,
    ...(toTarget ? [`time to the target ${describePair(toTarget)}`] : []),
  ].join('; ')
}

/** Real against simulated seconds. */
export function describePair({ real, simulated, difference }: Pair): string {
  const seconds = (value: number) => (Number.isFinite(value) ? formatDuration(value) : 'never')
  const apart = Number.isFinite(difference) ? formatPercent(difference) : 'not comparable'
  return `${seconds(real)} / ${seconds(simulated)} (${apart})`
}
