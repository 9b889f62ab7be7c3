import { random } from '../../core/random.ts'

/**
 * Runs `task` while `Math.random` is a stream of the run's seed. TensorFlow.js draws every seed that it is not given from
 * there, and so may anybody's initialiser: the same module then makes the same model on every peer. Must be
 * synchronous: nothing else runs in this thread meanwhile.
 */
export function withSeededRandom<T>(seed: number, task: () => T): T {
  const original = Math.random
  const stream = random(seed).fork('model')
  Math.random = () => stream.next()
  try {
    return task()
  } finally {
    Math.random = original
  }
}
