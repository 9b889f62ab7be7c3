import type { TrainerPool } from '../../compute/trainer/trainer-pool.ts'
import { consensusDistance, meanVector, sumOfSquares } from '../../core/vector.ts'
import type { CellSample } from '../cell-record.ts'

/** Peers whose own models are evaluated for a sample: those of a large swarm stand for the rest. */
const MOST_EVALUATED = 8

/**
 * Measures a swarm as it stands: the averaged model and the peers' own on the validation set, and how far they are apart.
 * @param vectors the live peers' parameters, at least one; copied before anything is awaited
 */
export async function sampleSwarm(
  pool: TrainerPool,
  vectors: readonly Float32Array[],
): Promise<Omit<CellSample, 'tokens' | 'time' | 'bytes'>> {
  const mean = meanVector(vectors)
  const distance = consensusDistance(vectors, mean)
  const squares = sumOfSquares(mean)
  const stride = Math.ceil(vectors.length / MOST_EVALUATED)
  const some = vectors.filter((_, i) => i % stride === 0).map(vector => vector.slice())
  const losses: number[] = []
  for (const vector of some) losses.push((await pool.evaluate(vector)).loss)
  return {
    lossMean: (await pool.evaluate(mean)).loss,
    lossOfPeersMean: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    lossOfWorstPeer: Math.max(...losses),
    consensusDistance: distance,
    relativeConsensusDistance: squares > 0 ? distance / squares : 0,
  }
}
