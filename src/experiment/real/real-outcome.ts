import { join } from 'node:path'
import { type TrainerPool, trainerPool } from '../../compute/trainer/trainer-pool.ts'
import { systemClock } from '../../core/clock.ts'
import { listCheckpoints, readCheckpoint } from '../../peer/checkpoint/checkpoint.ts'
import { runPaths } from '../../peer/checkpoint/run-directory.ts'
import { trainerConfig } from '../../peer/launch.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { CellSample } from '../cell-record.ts'
import type { CellOutcome } from '../cells/outcome.ts'
import { judgeTarget } from '../cells/target.ts'
import { sampleSwarm } from '../simulation/sampling.ts'
import { readSwarmHistory, type SwarmHistory } from './swarm-history.ts'

export interface RealOutcomeInit {
  /** As the peers had it: `checkpoint.every` is the distance of two samples. */
  specification: RunSpecification
  /** Run directories of the peers. */
  directories: readonly string[]
  /** Nats per token, of the averaged model. */
  target?: number
  /** Why the run ended before its steps were done, in one line. */
  failure?: string
  signal: AbortSignal
}

/**
 * What a real run came to, from the checkpoints and event logs of its peers. The first sample is of the parameters with
 * which all begin; every other one takes every peer's checkpoint nearest to the same step, at the moment at which the swarm had
 * made as many steps as those checkpoints hold; there is none where a peer has no checkpoint near.
 * @throws MurmurError `CHECKPOINT_INVALID`, `STORAGE_FAILED`; whatever opening data and model throws; the signal's reason
 */
export async function realOutcome(init: RealOutcomeInit): Promise<CellOutcome> {
  const { specification, directories, target, failure, signal } = init
  const config = trainerConfig({ specification, partition: 0 }, { compute: { threads: 1 } })
  const pool = await trainerPool(config)
  try {
    const paths = directories.map(runPaths)
    const history = await readSwarmHistory(
      paths.map(({ events }) => events),
      pool.tokensPerStep,
      signal,
    )
    const moments = await alignedCheckpoints(
      paths.map(({ checkpoints }) => checkpoints),
      specification,
    )
    const samples: CellSample[] = history.steps.length > 0 ? [await initialSample(pool)] : []
    for (const moment of moments) {
      signal.throwIfAborted()
      const sample = await sampleOf(moment, pool, history)
      if (sample.tokens > (samples.at(-1)?.tokens ?? 0)) samples.push(sample)
    }
    const { ledger, upMs } = history
    const bytes = history.bytesUntil(Infinity)
    const judged = judgeTarget(samples, target)
    const nothing = failure === undefined && samples.length < 2 ? 'no peer kept a checkpoint' : failure
    return {
      ...(nothing === undefined ? { status: judged.status } : { status: 'failed', reason: nothing }),
      samples,
      summary: {
        ...ledger.summary(upMs),
        bytesPerPeerPerStep: ledger.steps > 0 ? bytes / ledger.steps : 0,
        bytesPerToken: ledger.tokens > 0 ? bytes / ledger.tokens : 0,
        ...judged.summary,
      },
    }
  } finally {
    await pool.close()
  }
}

/** One checkpoint of every peer, nearest to the same step. */
type Moment = readonly { path: string; step: number }[]

async function alignedCheckpoints(
  folders: readonly string[],
  { steps, checkpoint }: RunSpecification,
): Promise<Moment[]> {
  const kept = await Promise.all(
    folders.map(async folder =>
      (await listCheckpoints(folder)).map(({ name, step }) => ({ path: join(folder, name), step })),
    ),
  )
  const count = Math.ceil(steps / checkpoint.every)
  const wanted = Array.from({ length: count }, (_, i) => Math.min(steps, (i + 1) * checkpoint.every))
  return wanted.flatMap(step => {
    const moment = kept.map(own => own.toSorted((a, b) => Math.abs(a.step - step) - Math.abs(b.step - step))[0])
    const near = moment.filter(found => found && Math.abs(found.step - step) <= checkpoint.every / 2)
    return near.length === folders.length ? [near as Moment] : []
  })
}

async function initialSample(pool: TrainerPool): Promise<CellSample> {
  const { parameters } = await pool.trainer({ partition: 0, stream: 'initial', clock: systemClock })
  return { tokens: 0, time: 0, bytes: 0, ...(await sampleSwarm(pool, [parameters])) }
}

async function sampleOf(moment: Moment, pool: TrainerPool, history: SwarmHistory): Promise<CellSample> {
  const vectors: Float32Array[] = []
  for (const { path } of moment) vectors.push((await readCheckpoint(path)).state.parameters)
  const steps = moment.reduce((sum, { step }) => sum + step, 0)
  const ms = history.steps[Math.min(steps, history.steps.length) - 1] ?? 0
  return {
    tokens: steps * pool.tokensPerStep,
    time: ms / 1000,
    bytes: history.bytesUntil(ms),
    ...(await sampleSwarm(pool, vectors)),
  }
}
