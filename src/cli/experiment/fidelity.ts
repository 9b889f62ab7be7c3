import type { CellRecord } from '../../experiment/cell-record.ts'
import type { Fidelity } from '../../experiment/fidelity/compare-records.ts'
import { describePair } from '../../experiment/fidelity/describe-fidelity.ts'
import { runFidelity } from '../../experiment/fidelity/run-fidelity.ts'
import type { Experiment } from '../../experiment/specification/experiment.ts'
import type { CommandContext } from '../command.ts'
import { formatPercent } from '../format.ts'
import { table } from '../table.ts'
import { progressLines } from './progress.ts'
import { realCells } from './real-cells.ts'

export interface ShowFidelityInit {
  directory: string
  versions: CellRecord['versions']
  tolerance: number
}

/** Runs an experiment's cells really and in virtual time, and tells how far the two are apart. */
export async function showFidelity(context: CommandContext, plan: Experiment, init: ShowFidelityInit): Promise<void> {
  const { output, signal, clock } = context
  const view = await output.status()
  const begun = clock.now()
  const { fidelity, records, report } = await runFidelity(plan, {
    ...init,
    signal,
    openRunner: () => realCells(clock),
    onProgress: progress => view.show(progressLines(progress, clock.now() - begun)),
    onReplay: name => view.show([`${name}: again in virtual time`]),
  }).finally(() => view.stop())
  const { tolerance, directory } = init
  const failed = records.filter(({ status }) => status === 'failed')
  for (const { arm, seed, reason } of failed) output.warn(`${arm}, seed ${seed}: ${reason}`)
  output.result({ experiment: plan.name, directory, report, tolerance, fidelity }, () =>
    [...table(TITLES, fidelity.map(row)), '', verdict(fidelity, tolerance), `Report: ${report}`].join('\n'),
  )
}

const TITLES = [
  'arm',
  'seed',
  'loss at equal tokens',
  'loss at equal time',
  'all tokens, real / simulated',
  'to the target, real / simulated',
  'alike',
]

function row({ arm, seed, lossByTokens, lossByTime, duration, toTarget, within }: Fidelity): string[] {
  return [
    arm,
    `${seed}`,
    formatPercent(lossByTokens.relative),
    formatPercent(lossByTime.relative),
    describePair(duration),
    toTarget ? describePair(toTarget) : '-',
    within ? 'yes' : 'no',
  ]
}

function verdict(fidelity: readonly Fidelity[], tolerance: number): string {
  const alike = fidelity.filter(({ within }) => within).length
  const limit = formatPercent(tolerance)
  if (fidelity.length === 0) return 'No cell ran to its end: nothing to compare.'
  if (alike === fidelity.length) return `Simulated and real are within ${limit} of each other in every cell.`
  return `Simulated and real are within ${limit} of each other in ${alike} of ${fidelity.length} cells.`
}
