import { engine } from '@tensorflow/tfjs-core'

/** Runs `task` on a registered, synchronous tfjs backend, and makes the one that was active so again. */
export function onBackend<T>(name: string, task: () => T): T {
  const state = engine()
  const previous = state.backendName
  void state.setBackend(name) // takes effect at once when the backend's factory is synchronous
  try {
    return task()
  } finally {
    if (previous) void state.setBackend(previous)
  }
}
