import { formatInterval, formatPercent, formatScientific, NOTHING } from '../figure/format.ts'
import { estimate } from '../statistics/estimate.ts'
import { AGREED, agreementOf, meanRounds, mixesAlone } from './agreement.ts'
import type { Analysis, GroupResult } from './analysis.ts'
import { type ArmResult, describeAbsence } from './arm-result.ts'
import type { Column, Table } from './table.ts'

const LIMIT = formatScientific(AGREED)

/** Of a group that mixes alone, in the place of losses, traffic and waiting. */
export const agreementColumns: readonly Column[] = [
  { title: `rounds until Ξ/Ξ₀ < ${LIMIT}`, cell: describeRounds },
  { title: '95% interval', cell: describeInterval },
  {
    title: 'left by a round',
    cell: arm => agreementOf(arm).contraction?.mean.toFixed(3) ?? NOTHING,
  },
  {
    title: 'Ξ/Ξ₀ at the end',
    cell: ({ relativeConsensusDistance: found }) => (found ? formatScientific(found.mean) : NOTHING),
  },
]

/**
 * Rounds of every arm under each condition, and how many more the last one takes: counted, and by what a round leaves, which
 * does not jump from one whole round to the next. Undefined unless one condition varies alone.
 */
export function agreementAcross({ groups, varying }: Analysis): Table | undefined {
  const [name, other] = varying
  const [first, last] = [groups[0], groups.at(-1)]
  if (name === undefined || other !== undefined || !first || !last || !groups.every(mixesAlone)) return undefined
  const value = (group: GroupResult) => String(group.conditions[name])
  return {
    caption: `Rounds until Ξ/Ξ₀ < ${LIMIT}, by ${name}: means over seeds`,
    titles: [
      'arm',
      ...groups.map(value),
      `more at ${value(last)} than at ${value(first)}`,
      'the same by what a round leaves',
    ],
    rows: first.arms.map((arm, i) => ({
      arm,
      cells: [
        ...groups.map(group => describeRounds(group.arms[i]!)),
        describeIncrease(first.arms[i]!, last.arms[i]!),
        describeSlowing(first.arms[i]!, last.arms[i]!),
      ],
    })),
  }
}

function describeRounds(arm: ArmResult): string {
  const found = meanRounds(agreementOf(arm))
  return found ? `${found.censored ? '> ' : ''}${found.value.toFixed(1)}` : describeAbsence(arm)
}

function describeInterval(arm: ArmResult): string {
  const rounds = [...agreementOf(arm).rounds.values()]
  if (rounds.some(({ censored }) => censored)) return NOTHING
  return formatInterval(estimate(rounds.map(({ value }) => value))?.interval, rounds => rounds.toFixed(1)) || NOTHING
}

/** A bound where only the later one is not known to have agreed. */
function describeIncrease(before: ArmResult, after: ArmResult): string {
  const [from, to] = [meanRounds(agreementOf(before)), meanRounds(agreementOf(after))]
  if (!from || !to || from.censored || from.value === 0) return NOTHING
  return `${to.censored ? '> ' : ''}${formatPercent(to.value / from.value - 1)}`
}

/** Rounds to any distance go with 1 / -ln of what one leaves. */
function describeSlowing(before: ArmResult, after: ArmResult): string {
  const [from, to] = [before, after].map(arm => agreementOf(arm).contraction?.mean ?? 0)
  if (!from || !to || to >= 1) return NOTHING
  return formatPercent(Math.log(from) / Math.log(to) - 1)
}
