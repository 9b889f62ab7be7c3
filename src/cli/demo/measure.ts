import { workerTrainer } from '../../compute/trainer/worker-trainer.ts'
import { consensusDistance, meanVector } from '../../core/vector.ts'
import { readCheckpoint } from '../../peer/checkpoint/checkpoint.ts'
import { trainerConfig } from '../../peer/launch.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'

/** What the peers' parameters are worth, each by itself and averaged, at one moment. */
export interface SwarmMeasurement {
  /** Validation loss of the mean of all peers' parameters, nats per token. */
  averaged: number
  /** Of each peer's own parameters. */
  perPeer: number[]
  /** Xi = (1/n) sum ||x_i - mean||^2 */
  consensusDistance: number
}

export async function parametersOf(checkpoint: string): Promise<Float32Array> {
  return (await readCheckpoint(checkpoint)).state.parameters
}

/** Evaluates sets of parameter vectors on the run's validation set, which is the same for every peer. */
export async function measureSwarm(
  { specification, model }: { specification: RunSpecification; model?: string },
  moments: readonly (readonly Float32Array[])[],
): Promise<SwarmMeasurement[]> {
  const trainer = await workerTrainer(
    trainerConfig({ specification, partition: 0 }, { model, compute: { threads: 1 } }),
  )
  const evaluate = async (parameters: Float32Array): Promise<number> => {
    await trainer.adopt(parameters, 0)
    return (await trainer.evaluate()).loss
  }
  try {
    const measurements: SwarmMeasurement[] = []
    for (const vectors of moments) {
      const perPeer: number[] = []
      for (const vector of vectors) perPeer.push(await evaluate(vector))
      const averaged = await evaluate(meanVector(vectors))
      measurements.push({ averaged, perPeer, consensusDistance: consensusDistance(vectors) })
    }
    return measurements
  } finally {
    await trainer.close()
  }
}
