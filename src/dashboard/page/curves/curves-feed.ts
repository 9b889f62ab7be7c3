import type { Curves } from '../../api/curves.ts'
import { api } from '../api-client.ts'
import type { SwarmModel } from '../swarm-model.ts'

const EVERY_MS = 3000

/** Asks for the curves anew as long as the run goes on or is still being read, while somebody looks. */
export function curvesFeed(got: (curves: Curves) => void): (model: SwarmModel) => void {
  let askedAt = Number.NEGATIVE_INFINITY
  let complete = false
  let asking = false
  const never = new AbortController().signal
  return ({ run }) => {
    const now = performance.now()
    if (!run || run.from === null || asking || complete || document.hidden || now - askedAt < EVERY_MS) return
    askedAt = now
    asking = true
    const wasComplete = run.mode === 'replay' && run.indexed === 1
    api.curves(never).then(
      curves => {
        asking = false
        complete = wasComplete
        got(curves)
      },
      () => {
        // Asked again in a while; whether the server is there is told elsewhere.
        asking = false
      },
    )
  }
}
