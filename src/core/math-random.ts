import type { Random } from './random.ts'

/**
 * Runs `task` while `Math.random` is a given stream. TensorFlow.js draws every seed that it is not given from there, and
 * so may anybody's model. `task` must be synchronous: nothing else runs in this thread meanwhile.
 */
export function withMathRandom<T>(stream: Random, task: () => T): T {
  const original = Math.random
  Math.random = () => stream.next()
  try {
    return task()
  } finally {
    Math.random = original
  }
}
