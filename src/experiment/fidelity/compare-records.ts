import type { CellRecord, CellSample } from '../cell-record.ts'
import { type Point, valueAt } from '../statistics/series.ts'

/** How near a simulated cell came to the real one that it replayed. Differences are relative, in [0, inf). */
export interface Fidelity {
  readonly arm: string
  readonly conditions: CellRecord['conditions']
  readonly seed: number
  /** Mean over the real samples of |simulated - real| / real, of the peers' mean loss at equal tokens and at equal time. */
  readonly lossByTokens: Difference
  readonly lossByTime: Difference
  /** Seconds until all tokens were trained on. */
  readonly duration: Pair
  /** Seconds until the peers' mean loss fell to the target; undefined without a target, or if neither got there. */
  readonly toTarget: Pair | undefined
  /** Both curves and both times differ by at most the tolerance. */
  readonly within: boolean
}

interface Difference {
  /** NaN where the curves cannot be compared. */
  readonly relative: number
  /** In nats per token. */
  readonly largest: number
}

export interface Pair {
  /** Infinite if it was never reached. */
  readonly real: number
  readonly simulated: number
  /** |simulated - real| / real */
  readonly difference: number
}

/**
 * Compares by the losses of the peers' own models. The first sample, before training, is left out: it is the same for both.
 * @param tolerance relative, above 0
 */
export function compareRecords(
  real: CellRecord,
  simulated: CellRecord,
  { tolerance, target }: { tolerance: number; target?: number },
): Fidelity {
  const lossByTokens = curveDifference(real, simulated, sample => sample.tokens)
  const lossByTime = curveDifference(real, simulated, sample => sample.time)
  const end = ({ samples }: CellRecord) => samples.at(-1)?.time ?? Number.POSITIVE_INFINITY
  const duration = pair(end(real), end(simulated))
  const reached = target === undefined ? undefined : pair(crossing(real, target), crossing(simulated, target))
  const toTarget =
    reached && (Number.isFinite(reached.real) || Number.isFinite(reached.simulated)) ? reached : undefined
  const differences = [lossByTokens.relative, lossByTime.relative, duration.difference, toTarget?.difference ?? 0]
  return {
    arm: real.arm,
    conditions: real.conditions,
    seed: real.seed,
    lossByTokens,
    lossByTime,
    duration,
    toTarget,
    within: differences.every(difference => difference <= tolerance), // NaN is not
  }
}

function curveDifference(real: CellRecord, simulated: CellRecord, axis: (sample: CellSample) => number): Difference {
  const curve = curveOf(simulated, axis)
  const differences = real.samples.slice(1).flatMap(sample => {
    const value = valueAt(curve, axis(sample))
    return value === undefined ? [] : [{ value, loss: sample.lossOfPeersMean }]
  })
  const sum = differences.reduce((total, { value, loss }) => total + Math.abs(value - loss) / loss, 0)
  return {
    relative: sum / differences.length,
    largest: differences.reduce((most, { value, loss }) => Math.max(most, Math.abs(value - loss)), 0),
  }
}

function curveOf({ samples }: CellRecord, axis: (sample: CellSample) => number): Point[] {
  return samples.map(sample => ({ x: axis(sample), y: sample.lossOfPeersMean }))
}

/** When the curve first falls to the loss, linear between samples. */
function crossing(record: CellRecord, loss: number): number {
  const points = curveOf(record, sample => sample.time)
  const next = points.findIndex(({ y }) => y <= loss)
  const after = points[next]
  if (!after) return Number.POSITIVE_INFINITY
  const before = points[next - 1]
  if (!before) return after.x
  return before.x + ((after.x - before.x) * (before.y - loss)) / (before.y - after.y)
}

function pair(real: number, simulated: number): Pair {
  return { real, simulated, difference: real === simulated ? 0 : Math.abs(simulated - real) / real }
}
