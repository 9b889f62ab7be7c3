import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { makeDirectory, storageError } from '../../core/storage.ts'
import type { CellRunInit, CellRunner } from '../../experiment/cells/cell-runner.ts'
import type { CellOutcome } from '../../experiment/cells/outcome.ts'
import type { CellInit } from '../../experiment/cells/run-cell.ts'
import { realOutcome } from '../../experiment/real/real-outcome.ts'
import type { Experiment, Settings } from '../../experiment/specification/experiment.ts'
import { listCheckpoints } from '../../peer/checkpoint/checkpoint.ts'
import { runPaths } from '../../peer/checkpoint/run-directory.ts'
import { canonicalSpecification, runId } from '../../peer/specification/canonical.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import { Swarm } from '../swarm/swarm.ts'

/** More processes than this are no swarm on one machine but a trial of its patience. */
const MOST_PEERS = 64
/** `checkpoint.keep` allows no more. */
const MOST_CHECKPOINTS = 1000
/** Longest time of a timer, in milliseconds. */
const MOST_MS = 2 ** 31 - 1

/**
 * Sees before the first cell that every one can run with real processes.
 * @throws MurmurError `USAGE` for what only the simulator can do
 */
export function requireReal({ treatments }: Pick<Experiment, 'treatments'>): void {
  for (const { arm, candidates } of treatments) {
    for (const { mixing, churn, peers } of candidates) {
      const refuse = (message: string): never => {
        throw new MurmurError({ code: 'USAGE', message: `${arm}: ${message}`, details: { arm } })
      }
      if (mixing) refuse('what only mixes trains nothing and runs in virtual time alone; leave out --real, or this arm')
      if (churn) refuse('churn is not run with real processes; leave out `churn`, or --real')
      if (peers > MOST_PEERS) refuse(`expected at most ${MOST_PEERS} \`peers\` with --real, got ${peers}`)
    }
  }
}

/** Runs cells with real processes on the loopback interface, one swarm at a time. */
export function realCells(clock: Clock): CellRunner {
  return new RealCells(clock)
}

class RealCells implements CellRunner {
  readonly #clock: Clock
  #running: Promise<unknown> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async run(
    settings: Settings,
    cell: CellInit,
    init: CellRunInit,
  ): Promise<{ outcome: CellOutcome; wallSeconds: number }> {
    const running = this.#run(settings, cell, init)
    this.#running = running
    return await running
  }

  async close(): Promise<void> {
    await this.#running?.catch(() => {}) // told to whoever runs
  }

  async #run(
    settings: Settings,
    cell: CellInit,
    { signal, directory, onProgress }: CellRunInit,
  ): Promise<{ outcome: CellOutcome; wallSeconds: number }> {
    const begun = this.#clock.now()
    const specification = specificationOf(settings, cell)
    const specificationPath = await newRun(directory, specification)
    const { peers } = settings
    // Its end ends the others: what they would still learn is of no use to this cell.
    const over = new AbortController()
    const failures: string[] = []
    let steps = 0
    const swarm = new Swarm(
      {
        clock: this.#clock,
        sink: {
          write: ({ type }) => {
            if (type === 'step') onProgress(Math.min(1, ++steps / (peers * specification.steps)))
          },
        },
        onFailure: (name, why) => {
          failures.push(`${name} ${why}`)
          over.abort()
        },
      },
      {
        directory,
        specificationPath,
        run: runId(specification),
        peers,
        partitions: specification.data.partitions,
        ...(settings.links.kind === 'regions' && { regions: settings.links.regions }),
      },
    )
    this.#clock.sleep(Math.min(MOST_MS, cell.timeLimit * 1000), over.signal).then(
      () => {
        failures.push(`${cell.timeLimit} seconds were over`)
        over.abort()
      },
      () => {}, // it was not needed
    )
    const ends = await swarm.run(AbortSignal.any([signal, over.signal])).finally(() => over.abort())
    signal.throwIfAborted()
    if (steps === 0) throw new MurmurError({ code: 'TRAINER_FAILED', message: failures[0] ?? 'No peer made a step' })
    const directories = ends.map(end => end.directory)
    const outcome = await realOutcome({ specification, directories, target: cell.target, failure: failures[0], signal })
    for (const path of directories) await removeOldCheckpoints(runPaths(path).checkpoints)
    return { outcome, wallSeconds: (this.#clock.now() - begun) / 1000 }
  }
}

/** They have been measured; the newest one stays, to generate from or to go on from. */
async function removeOldCheckpoints(folder: string): Promise<void> {
  const [, ...older] = await listCheckpoints(folder)
  for (const { name } of older) await rm(join(folder, name), { force: true })
}

/** Checkpoints stand where samples are to be taken, and all of them are kept until they are measured. */
function specificationOf({ run }: Settings, { seed, samples }: CellInit): RunSpecification {
  const every = Math.ceil(run.steps / Math.min(samples, MOST_CHECKPOINTS - 2))
  return { ...run, seed, checkpoint: { every, keep: Math.min(MOST_CHECKPOINTS, Math.ceil(run.steps / every) + 2) } }
}

/** What an interrupted run of the cell left makes room. */
async function newRun(directory: string, specification: RunSpecification): Promise<string> {
  const path = join(directory, 'run.yaml')
  try {
    await rm(directory, { recursive: true, force: true })
    await makeDirectory(directory)
    await writeFile(path, `${canonicalSpecification(specification)}\n`) // JSON is YAML
    return path
  } catch (error) {
    throw storageError('prepare the run in', directory, error)
  }
}
