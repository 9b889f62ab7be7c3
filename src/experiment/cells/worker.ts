import { parentPort } from 'node:worker_threads'
import { systemClock } from '../../core/clock.ts'
import { errorToData, MurmurError } from '../../core/errors.ts'
import type { CellAnswer, CellRequest } from './cell-protocol.ts'
import { runCell } from './run-cell.ts'

/** Entry point of a thread that computes cells, one after the other. */
const PROGRESS_MS = 200

const port = parentPort
if (port) {
  const post = (answer: CellAnswer) => port.postMessage(answer)
  let cancel = new AbortController()
  port.on('message', async (request: CellRequest) => {
    if (request.type === 'cancel') {
      cancel.abort(new MurmurError({ code: 'CANCELLED', message: 'The experiment was interrupted' }))
      return
    }
    cancel = new AbortController()
    const begun = systemClock.now()
    let told = begun
    const onProgress = (fraction: number) => {
      if (systemClock.now() - told < PROGRESS_MS) return
      told = systemClock.now()
      post({ type: 'progress', fraction })
    }
    try {
      const outcome = await runCell(request.settings, request.cell, { signal: cancel.signal, onProgress })
      post({ type: 'outcome', outcome, wallSeconds: (systemClock.now() - begun) / 1000 })
    } catch (error) {
      post({ type: 'error', error: errorToData(error, 'TRAINER_FAILED') })
    }
  })
}
