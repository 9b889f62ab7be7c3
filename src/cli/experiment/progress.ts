import type { ExperimentProgress } from '../../experiment/run-experiment.ts'
import { formatDuration, formatPercent } from '../format.ts'
import { truncate } from '../progress/line.ts'

const BAR = 30
const COLUMNS = 78

/** How far an experiment is: one line, and one for each cell under way. */
export function progressLines(progress: ExperimentProgress, elapsedMs: number): string[] {
  const { cells, finished, skipped, running, phase } = progress
  const computed = finished - skipped + running.reduce((sum, { fraction }) => sum + fraction, 0)
  const share = cells > 0 ? (skipped + computed) / cells : 1
  const filled = Math.round(BAR * share)
  // Not before a whole cell's worth is done: what comes before says more about the start than about the cells.
  const left = computed >= 1 ? ((cells - skipped - computed) * elapsedMs) / computed : undefined
  const head = [
    `${phase === 'tuning' ? 'tuning' : 'cells '} ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`,
    `${finished} of ${cells}`,
    ...(skipped > 0 ? [`${skipped} from before`] : []),
    left === undefined ? formatDuration(elapsedMs) : `${formatDuration(left)} left`,
  ]
  return [
    head.join('  '),
    ...running.map(({ name, fraction }) => `  ${formatPercent(fraction).padStart(4)}  ${truncate(name, COLUMNS - 8)}`),
  ]
}
