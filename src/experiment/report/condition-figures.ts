import {
  durationUnit,
  formatCount,
  formatDuration,
  formatLoss,
  formatScientific,
  formatTick,
} from '../figure/format.ts'
import type { ChartAxis, Line, LineChart } from '../figure/line-chart.ts'
import type { Domain } from '../figure/scale.ts'
import type { Interval } from '../statistics/estimate.ts'
import { AGREED, agreementOf, meanRounds, mixesAlone } from './agreement.ts'
import type { Analysis, GroupResult } from './analysis.ts'
import { type ArmResult, censoredMedian } from './arm-result.ts'
import { VIRTUAL } from './report-specification.ts'

/** A number out of a condition, with which its values can be put on an axis: 64, "10%", "5x". */
interface Scaled {
  readonly name: string
  readonly unit: string
  readonly groups: readonly (readonly [value: number, group: GroupResult])[]
}

interface Reading {
  readonly y: number
  readonly interval?: Interval | undefined
}

/** Final values against the one condition that varies, if its values are numbers: churn, peers. */
export function conditionFigures(analysis: Analysis): [id: string, chart: LineChart][] {
  const scaled = scaledCondition(analysis)
  if (!scaled) return []
  if (analysis.groups.every(mixesAlone)) {
    const drawn = chart(scaled, `Rounds until Ξ/Ξ₀ < ${formatScientific(AGREED)}`, rounds, roundsAxis)
    return drawn ? [['rounds-to-agreement', drawn]] : []
  }
  const { baseline, timeLabel = VIRTUAL } = analysis.specification
  const longest = Math.max(...scaled.groups.flatMap(([, { arms }]) => arms.map(arm => timeToTarget(arm)?.y ?? 0)))
  const [length, unit] = durationUnit(longest)
  const charts: [string, LineChart | undefined][] = [
    [
      'loss',
      chart(
        scaled,
        'Loss at the end',
        arm => arm.loss && { y: arm.loss.mean },
        nats('validation loss (nats per token)'),
      ),
    ],
    [
      'difference',
      chart(
        scaled,
        `Loss less that of ${baseline} at equal tokens`,
        differenceAtEqualTokens,
        nats('difference (nats per token)'),
      ),
    ],
    [
      'consensus-distance',
      chart(scaled, 'Consensus distance at the end', consensus, {
        label: 'Ξ / ‖x̄‖² (logarithmic)',
        kind: 'log',
        format: formatScientific,
      }),
    ],
    [
      'time-to-target',
      chart(scaled, `To the target loss, ${timeLabel}`, timeToTarget, {
        label: `median over seeds (${unit}, logarithmic), where known`,
        kind: 'log',
        unit: length,
        format: seconds => formatCount(seconds / length),
        tell: formatDuration,
      }),
    ],
  ]
  return charts.flatMap(([id, drawn]) => (drawn ? [[id, drawn] as [string, LineChart]] : []))
}

function nats(label: string): Omit<ChartAxis, 'domain'> {
  return { label, kind: 'linear', format: formatTick, tell: formatLoss }
}

function differenceAtEqualTokens(arm: ArmResult, { comparisons }: GroupResult): Reading | undefined {
  const found = comparisons.find(comparison => comparison.arm === arm)?.differences.tokens.estimate
  return found && { y: found.mean, interval: found.interval }
}

function consensus({ relativeConsensusDistance: found }: ArmResult): Reading | undefined {
  return found && found.mean > 0 ? { y: found.mean } : undefined
}

function timeToTarget({ toTarget }: ArmResult): Reading | undefined {
  const found = censoredMedian(toTarget.time.values())
  return found && !found.censored && found.value > 0 ? { y: found.value } : undefined
}

const roundsAxis: Omit<ChartAxis, 'domain'> = {
  label: 'rounds, mean over seeds (logarithmic), where known',
  kind: 'log',
  format: formatCount,
  tell: formatTick,
}

function rounds(arm: ArmResult): Reading | undefined {
  const found = meanRounds(agreementOf(arm))
  return found && !found.censored && found.value > 0 ? { y: found.value } : undefined
}

function scaledCondition({ varying, groups }: Analysis): Scaled | undefined {
  const [name, other] = varying
  if (name === undefined || other !== undefined) return undefined
  const parsed = groups.map(group => ({
    group,
    parts: /^(-?\d+(?:\.\d+)?)\s*(%|x|×)?$/.exec(String(group.conditions[name])),
  }))
  const units = new Set(parsed.map(({ parts }) => parts?.[2] ?? ''))
  if (units.size !== 1 || parsed.some(({ parts }) => !parts)) return undefined
  const placed = parsed.map(({ group, parts }): [number, GroupResult] => [Number(parts![1]), group])
  return { name, unit: [...units][0]!, groups: placed.toSorted(([a], [b]) => a - b) }
}

function chart(
  { name, unit, groups }: Scaled,
  title: string,
  read: (arm: ArmResult, group: GroupResult) => Reading | undefined,
  y: Omit<ChartAxis, 'domain'>,
): LineChart | undefined {
  const lines = (groups[0]?.[1].arms ?? []).flatMap(({ name: label, index }): Line[] => {
    const points = groups.flatMap(([x, group]) => {
      const reading = read(group.arms[index]!, group)
      if (!reading) return []
      const { low, high } = reading.interval ?? { low: reading.y, high: reading.y }
      return [{ x, y: reading.y, low, high }]
    })
    return points.length > 0 ? [{ label, index, points }] : []
  })
  const points = lines.flatMap(line => line.points)
  if (points.length === 0) return undefined
  const xs = groups.map(([x]) => x)
  const [low, high] = [Math.min(...points.map(point => point.low)), Math.max(...points.map(point => point.high))]
  const room = (high - low) * 0.05
  const domain: Domain = y.kind === 'log' ? [low / 1.2, high * 1.2] : [low - room, high + room]
  // Numbers of peers grow by factors.
  const kind = xs[0]! > 0 && xs.at(-1)! / xs[0]! >= 8 ? 'log' : 'linear'
  return {
    title: `${title} against ${name}`,
    x: { label: unit ? `${name} (${unit})` : name, kind, domain: [xs[0]!, xs.at(-1)!], format: formatCount },
    y: { ...y, domain },
    lines,
    notes: points.some(point => point.low < point.high)
      ? ['Line: mean over seeds. Band: 95% interval of the mean.']
      : [],
  }
}
