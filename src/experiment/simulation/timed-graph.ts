import type { TrainingGraph } from '../../compute/engine/engine.ts'
import type { VirtualTime } from '../../core/virtual-time.ts'
import { outlived } from './mortal-clock.ts'

/**
 * Takes a step's virtual time for each gradient, however long the machine needs for it; evaluations take none.
 * @param stepTime draws the milliseconds of the next step
 * @param dead whoever waits for a result when it fires waits for ever
 */
export function timedGraph(
  graph: TrainingGraph,
  time: VirtualTime,
  stepTime: () => number,
  dead: AbortSignal,
): TrainingGraph {
  return {
    ...graph,
    lossAndGradients: async (batch, init) => {
      const loss = await outlived(time.busy(graph.lossAndGradients(batch, init)), dead)
      await outlived(time.sleep(stepTime()), dead)
      return loss
    },
    evaluate: batch => outlived(time.busy(graph.evaluate(batch)), dead),
  }
}
