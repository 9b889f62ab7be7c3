import { Worker } from 'node:worker_threads'
import { errorFromData, MurmurError } from '../../core/errors.ts'
import type { Settings } from '../specification/experiment.ts'
import type { CellAnswer, CellRequest } from './cell-protocol.ts'
import type { CellRunInit, CellRunner } from './cell-runner.ts'
import type { CellOutcome } from './outcome.ts'
import type { CellInit } from './run-cell.ts'

/** A thread that computes cells in virtual time. @throws MurmurError besides, `TRAINER_FAILED` if the thread ends */
export function cellThread(): CellRunner {
  return new WorkerCellThread()
}

class WorkerCellThread implements CellRunner {
  readonly #worker: Worker
  #running: Promise<unknown> | undefined

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#worker = new Worker(new URL(`./worker.${extension}`, import.meta.url))
  }

  async run(
    settings: Settings,
    cell: CellInit,
    { signal, onProgress }: Omit<CellRunInit, 'directory'>,
  ): Promise<{ outcome: CellOutcome; wallSeconds: number }> {
    signal.throwIfAborted()
    const answer = Promise.withResolvers<{ outcome: CellOutcome; wallSeconds: number }>()
    const onMessage = (message: CellAnswer) => {
      if (message.type === 'progress') onProgress(message.fraction)
      else if (message.type === 'outcome') answer.resolve(message)
      else answer.reject(errorFromData(message.error))
    }
    const onError = (cause: unknown) =>
      answer.reject(new MurmurError({ code: 'TRAINER_FAILED', message: `A cell's thread failed: ${cause}`, cause }))
    const onExit = (code: number) => onError(`it ended with code ${code}`)
    // Never ended from outside: that would abort the whole process in the middle of a native computation.
    const cancel = () => this.#ask({ type: 'cancel' })
    signal.addEventListener('abort', cancel, { once: true })
    this.#worker.on('message', onMessage).once('error', onError).once('exit', onExit)
    this.#running = answer.promise
    try {
      this.#ask({ type: 'run', settings, cell })
      const { outcome, wallSeconds } = await answer.promise
      return { outcome, wallSeconds }
    } finally {
      this.#running = undefined
      signal.removeEventListener('abort', cancel)
      this.#worker.off('message', onMessage).off('error', onError).off('exit', onExit)
    }
  }

  async close(): Promise<void> {
    await this.#running?.catch(() => {})
    await this.#worker.terminate()
  }

  #ask(request: CellRequest): void {
    this.#worker.postMessage(request)
  }
}
