import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import type { Trainer } from '../../../../src/compute/trainer/trainer.ts'
import { workerTrainer } from '../../../../src/compute/trainer/worker-trainer.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { processFolder, tinyTextFile } from '../../../support/tiny-text.ts'
import { tinyTrainerConfig } from '../../../support/tiny-trainer.ts'

const config = tinyTrainerConfig(tinyTextFile(processFolder()))
const never = new AbortController().signal

async function trainerAndWorker(t: ExecutionContext): Promise<{ trainer: Trainer; worker: Worker }> {
  const made = once(process, 'worker') as Promise<[Worker]>
  const trainer = await workerTrainer(config)
  t.teardown(() => trainer.close())
  return { trainer, worker: (await made)[0] }
}

const crashes: Record<string, (worker: Worker) => void> = {
  'is ended': worker => void worker.terminate(),
  // Not a request: the worker fails on it outside of every answer.
  'throws where nobody catches': worker => worker.postMessage(null),
}

for (const [how, crash] of Object.entries(crashes)) {
  test.serial(`a worker that ${how} fails what is pending and what comes after, and can be closed`, async t => {
    const { trainer, worker } = await trainerAndWorker(t)
    const failed = { code: 'TRAINER_FAILED', message: /^The trainer's thread / }
    const pending: Promise<unknown>[] = []
    await t.throwsAsync(
      trainer.run(
        1_000_000,
        () => {
          if (pending.length > 0) return
          pending.push(t.throwsAsync(Promise.all(Array.from({ length: 50 }, () => trainer.evaluate())), failed))
          crash(worker)
        },
        never,
      ),
      failed,
    )
    await Promise.all(pending)
    await t.throwsAsync(trainer.snapshot(0, sharedFloats(4)), failed)
    await t.throwsAsync(trainer.apply(0, sharedFloats(4), 1), failed)
    await t.throwsAsync(trainer.save(), failed)
    await trainer.close()
    t.is(worker.threadId, -1)
  })
}

test.serial('a closed worker is gone; closing twice is one', async t => {
  const { trainer, worker } = await trainerAndWorker(t)
  await Promise.all([trainer.close(), trainer.close()])
  t.is(worker.threadId, -1)
})

test.serial('what is saved lies in memory that both threads share', async t => {
  const { trainer } = await trainerAndWorker(t)
  const { parameters, optimizer } = await trainer.save()
  for (const values of [parameters, ...Object.values(optimizer)]) t.true(values.buffer instanceof SharedArrayBuffer)
})
