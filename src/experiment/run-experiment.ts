import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { MurmurError } from '../core/errors.ts'
import { tryLock } from '../core/file-lock.ts'
import { makeDirectory, storageError } from '../core/storage.ts'
import { readCellRecord, writeCellRecord } from './cell-file.ts'
import type { CellRecord } from './cell-record.ts'
import type { CellRunner } from './cells/cell-runner.ts'
import { cellThread } from './cells/cell-thread.ts'
import { writeReport } from './report/write-report.ts'
import { digestOf, type Experiment, type Settings, type Treatment } from './specification/experiment.ts'

export interface RunExperimentInit {
  /** Where records and report go; records that are there already are not computed again. */
  directory: string
  /** Cells computed at the same time, each by a runner of its own. Must be >= 1. */
  parallel: number
  /** What computes them. @default a thread, in virtual time */
  openRunner?(): CellRunner
  /** What the records' time is. @default 'virtual time' */
  timeLabel?: string
  versions: CellRecord['versions']
  signal: AbortSignal
  onProgress(progress: ExperimentProgress): void
}

export interface ExperimentProgress {
  /** Cells in all; those with a record; those under way, and how much of each is done, in [0, 1]. */
  cells: number
  finished: number
  running: readonly { name: string; fraction: number }[]
  /** Of the finished ones, those that were there before. */
  skipped: number
  /** Which candidates are compared for the time being, or which cells of the experiment proper are run. */
  phase: 'tuning' | 'running'
}

export interface ExperimentOutcome {
  records: readonly CellRecord[]
  /** The cells of those records, in the same order. */
  cells: readonly FinishedCell[]
  /** The candidate that each treatment was given, where there were several. */
  chosen: readonly { arm: string; conditions: Treatment['conditions']; candidate: number; loss: number }[]
  /** Path of report.html. */
  report: string
}

/** What has been run, under which settings, and where it left what it wrote itself. */
export interface FinishedCell {
  record: CellRecord
  settings: Settings
  directory: string
}

/**
 * Runs what has not been run yet of an experiment, and writes its report; the report also when it is interrupted, of
 * what there is then.
 * @throws MurmurError `STORAGE_FAILED`, `RECORD_INVALID`, `USAGE` if another process runs it; whatever `runCell` throws; the
 * signal's reason
 */
export async function runExperiment(experiment: Experiment, init: RunExperimentInit): Promise<ExperimentOutcome> {
  const cells = join(init.directory, 'cells')
  await makeDirectory(init.directory).catch(error => fail(init.directory, error))
  await makeDirectory(cells).catch(error => fail(cells, error))
  const lock = await tryLock(join(init.directory, 'lock'))
  if (!lock) {
    throw new MurmurError({ code: 'USAGE', message: `Another process runs an experiment in ${init.directory}` })
  }
  const run = new ExperimentRun(experiment, init, cells)
  try {
    return await run.run()
  } finally {
    await run.close()
    await lock.release()
  }
}

function fail(path: string, error: unknown): never {
  throw storageError('make the folder', path, error)
}

interface Job {
  name: string
  arm: string
  conditions: Treatment['conditions']
  seed: number
  settings: Settings
  /** Where its record is, or will be. */
  path: string
  /** For what the cell itself writes; not made unless it does. */
  directory: string
}

class ExperimentRun {
  readonly #experiment: Experiment
  readonly #init: RunExperimentInit
  readonly #cells: string
  readonly #idle: CellRunner[] = []
  readonly #runners: CellRunner[] = []

  constructor(experiment: Experiment, init: RunExperimentInit, cells: string) {
    this.#experiment = experiment
    this.#init = init
    this.#cells = cells
  }

  async run(): Promise<ExperimentOutcome> {
    const { treatments, seeds } = this.#experiment
    const chosen = await this.#tune()
    const jobs = treatments.flatMap((treatment, i) =>
      seeds.map(seed => this.#job(treatment, chosen[i]!.settings, seed, 'cell')),
    )
    const cells: FinishedCell[] = []
    try {
      await this.#runAll(jobs, 'running', (record, { settings, directory }) =>
        cells.push({ record, settings, directory }),
      )
    } catch (error) {
      if (cells.length > 0) await this.#report(cells).catch(() => {}) // the first error says more
      throw error
    }
    return {
      cells,
      records: cells.map(({ record }) => record),
      chosen: chosen.flatMap(({ treatment: { arm, conditions, candidates }, candidate, loss }) =>
        candidates.length > 1 ? [{ arm, conditions, candidate, loss }] : [],
      ),
      report: await this.#report(cells),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map(runner => runner.close()))
  }

  /** The candidate with the lowest final loss on the tuning seed, for every treatment: the same budget for all. */
  async #tune(): Promise<{ treatment: Treatment; settings: Settings; candidate: number; loss: number }[]> {
    const { treatments, tuning } = this.#experiment
    const seed = tuning?.seed ?? 0
    const contests = treatments.filter(({ candidates }) => candidates.length > 1)
    const jobs = contests.flatMap(treatment =>
      treatment.candidates.map((settings, i) => this.#job(treatment, settings, seed, `candidate ${i + 1}`)),
    )
    const losses = new Map<string, number>()
    const onRecord = (record: CellRecord, job: Job) => {
      const last = record.samples.at(-1)?.lossMean
      losses.set(job.path, record.status === 'failed' || last === undefined ? Infinity : last)
    }
    if (jobs.length > 0) await this.#runAll(jobs, 'tuning', onRecord)
    return treatments.map(treatment => {
      const { candidates } = treatment
      const scores = candidates.map((settings, i) =>
        candidates.length > 1 ? losses.get(this.#job(treatment, settings, seed, `candidate ${i + 1}`).path)! : 0,
      )
      const candidate = scores.reduce((best, loss, i) => (loss < scores[best]! ? i : best), 0)
      return { treatment, settings: candidates[candidate]!, candidate, loss: scores[candidate]! }
    })
  }

  #job({ arm, conditions }: Treatment, settings: Settings, seed: number, kind: string): Job {
    const { samples, target, timeLimit } = this.#experiment
    const parts = [arm, ...Object.entries(conditions).map(([key, label]) => `${key} ${label}`), kind, `seed ${seed}`]
    const name = parts.filter(part => part !== 'cell').join(', ')
    const digest = digestOf({ ...settings, cell: { samples, target, timeLimit } })
    const file = `${name.replaceAll(/[^\p{L}\p{N}.]+/gu, '-')}-${digest}`
    const directory = join(this.#init.directory, 'runs', file)
    return { name, arm, conditions, seed, settings, path: join(this.#cells, `${file}.json`), directory }
  }

  async #runAll(
    jobs: readonly Job[],
    phase: ExperimentProgress['phase'],
    onRecord: (record: CellRecord, job: Job) => void,
  ): Promise<void> {
    const running = new Map<string, number>()
    let finished = 0
    let skipped = 0
    const tell = () =>
      this.#init.onProgress({
        cells: jobs.length,
        finished,
        skipped,
        phase,
        running: [...running].map(([name, fraction]) => ({ name, fraction })),
      })
    const waiting: Job[] = []
    for (const job of jobs) {
      const record = await this.#before(job)
      if (!record) waiting.push(job)
      else {
        onRecord(record, job)
        finished += 1
        skipped += 1
      }
    }
    tell()
    // The first failure ends the others: each would fail the same way.
    const failed = new AbortController()
    const signal = AbortSignal.any([this.#init.signal, failed.signal])
    const work = async () => {
      for (let job = waiting.shift(); job; job = waiting.shift()) {
        const { name } = job
        running.set(name, 0)
        const record = await this.#compute(job, signal, fraction => {
          running.set(name, fraction)
          tell()
        })
        running.delete(name)
        finished += 1
        onRecord(record, job)
        tell()
      }
    }
    const workers = Array.from({ length: Math.min(this.#init.parallel, waiting.length) }, () =>
      work().catch((error: unknown) => {
        failed.abort(error)
        throw error
      }),
    )
    const results = await Promise.allSettled(workers)
    this.#init.signal.throwIfAborted()
    if (failed.signal.aborted) throw failed.signal.reason
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** The record of an earlier run of the same cell. */
  async #before(job: Job): Promise<CellRecord | undefined> {
    const exists = await access(job.path).then(
      () => true,
      () => false,
    )
    return exists ? await readCellRecord(job.path) : undefined
  }

  async #compute(job: Job, signal: AbortSignal, onProgress: (fraction: number) => void): Promise<CellRecord> {
    const { samples, target, timeLimit, name } = this.#experiment
    const runner = this.#idle.pop() ?? this.#open()
    const { outcome, wallSeconds } = await runner.run(
      job.settings,
      { seed: job.seed, samples, target, timeLimit },
      { signal, onProgress, directory: job.directory },
    )
    this.#idle.push(runner)
    const record: CellRecord = {
      format: 1,
      experiment: name,
      arm: job.arm,
      seed: job.seed,
      conditions: job.conditions,
      ...outcome,
      summary: { ...outcome.summary, wallSeconds },
      versions: this.#init.versions,
    }
    await writeCellRecord(job.path, record)
    return record
  }

  #open(): CellRunner {
    const runner = this.#init.openRunner?.() ?? cellThread()
    this.#runners.push(runner)
    return runner
  }

  async #report(cells: readonly FinishedCell[]): Promise<string> {
    const { name, description, text, arms, baseline, seeds, margin, target } = this.#experiment
    return await writeReport(this.#init.directory, {
      specification: {
        name,
        description,
        text,
        arms,
        baseline,
        seeds,
        margin,
        target,
        timeLabel: this.#init.timeLabel,
      },
      records: cells.map(({ record }) => record),
    })
  }
}
