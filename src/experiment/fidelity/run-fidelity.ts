import { join } from 'node:path'
import type { CellRecord } from '../cell-record.ts'
import type { CellRunner } from '../cells/cell-runner.ts'
import { cellThread } from '../cells/cell-thread.ts'
import { writeReport } from '../report/write-report.ts'
import { type FinishedCell, type RunExperimentInit, runExperiment } from '../run-experiment.ts'
import type { Experiment } from '../specification/experiment.ts'
import { readRecording } from '../trace/recording.ts'
import { compareRecords, type Fidelity } from './compare-records.ts'
import { describeFidelity } from './describe-fidelity.ts'

export interface RunFidelityInit extends Omit<RunExperimentInit, 'parallel' | 'openRunner' | 'timeLabel'> {
  /** Runs cells with real processes. */
  openRunner(): CellRunner
  /** Relative difference up to which real and simulated count as alike. Must be > 0. */
  tolerance: number
  /** Told which cell is simulated now. */
  onReplay(name: string): void
}

export interface FidelityOutcome {
  /** One for each real cell that did not fail. */
  fidelity: readonly Fidelity[]
  /** Real and simulated, the arms named so. */
  records: readonly CellRecord[]
  /** Path of report.html. */
  report: string
}

/**
 * Runs an experiment's cells with real processes, then each again in virtual time, with the speeds and links that its events
 * tell of and everything else the same, and compares the two.
 * @throws MurmurError as `runExperiment` and `readRecording`
 */
export async function runFidelity(experiment: Experiment, init: RunFidelityInit): Promise<FidelityOutcome> {
  const { cells } = await runExperiment(experiment, {
    ...init,
    directory: join(init.directory, 'real'),
    parallel: 1,
    timeLabel: 'time',
  })
  const fidelity: Fidelity[] = []
  const records: CellRecord[] = []
  const simulator = cellThread()
  try {
    for (const cell of cells) {
      records.push(named(cell.record, 'real'))
      if (cell.record.status === 'failed') continue
      init.onReplay(`${cell.record.arm}, seed ${cell.record.seed}`)
      const simulated = sinceTraining(await replay(cell, simulator, experiment, init.signal))
      records.push(named(simulated, 'simulated'))
      const { target } = experiment
      fidelity.push(compareRecords(cell.record, simulated, { tolerance: init.tolerance, target }))
    }
  } finally {
    await simulator.close()
  }
  const { name, description, text, arms, baseline, seeds, target } = experiment
  const specification = {
    name,
    description,
    text,
    arms: arms.flatMap(arm => [`${arm}, real`, `${arm}, simulated`]),
    baseline: `${baseline}, real`,
    seeds,
    target,
    timeLabel: 'time',
    findings: fidelity.map(each => describeFidelity(each, init.tolerance)),
  }
  return { fidelity, records, report: await writeReport(init.directory, { specification, records }) }
}

async function replay(
  { record, settings, directory }: FinishedCell,
  simulator: CellRunner,
  { samples, target, timeLimit }: Experiment,
  signal: AbortSignal,
): Promise<CellRecord> {
  const { compute, links, peers: names } = await readRecording(directory, signal)
  const { outcome, wallSeconds } = await simulator.run(
    { ...settings, compute, links },
    { seed: record.seed, samples, target, timeLimit, ownSteps: true, names },
    { signal, directory, onProgress: () => {} },
  )
  return { ...record, reason: undefined, ...outcome, summary: { ...outcome.summary, wallSeconds } }
}

/** Real cells count time from when the first peer begins to train: how long processes take to start is not modelled. */
function sinceTraining(record: CellRecord): CellRecord {
  const { started = 0, target } = record.summary
  const since = <T extends { time: number }>(spent: T): T => ({ ...spent, time: Math.max(0, spent.time - started) })
  return {
    ...record,
    samples: record.samples.map(since),
    summary: {
      ...record.summary,
      started: undefined,
      ...(target && { target: { ...target, ...(target.reached && { reached: since(target.reached) }) } }),
    },
  }
}

function named(record: CellRecord, how: 'real' | 'simulated'): CellRecord {
  return { ...record, arm: `${record.arm}, ${how}` }
}
