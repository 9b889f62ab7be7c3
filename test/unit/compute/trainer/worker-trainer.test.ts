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

const failed = { code: 'TRAINER_FAILED', message: /^The trainer's thread / }

async function isBeyondUse(t: ExecutionContext, trainer: Trainer, worker: Worker): Promise<void> {
  await t.throwsAsync(trainer.snapshot(0, sharedFloats(4)), failed)
  await t.throwsAsync(trainer.apply(0, sharedFloats(4), 1), failed)
  await t.throwsAsync(trainer.save(), failed)
  await t.throwsAsync(
    trainer.run(9, () => t.fail(), never),
    failed,
  )
  await trainer.close()
  t.is(worker.threadId, -1)
}

test.serial('a worker that crashes fails what is pending and what comes after, and can be closed', async t => {
  const { trainer, worker } = await trainerAndWorker(t)
  const pending: Promise<unknown>[] = []
  await t.throwsAsync(
    trainer.run(
      1_000_000,
      () => {
        if (pending.length > 0) return
        // Not a request: the worker fails on it outside of every answer, before it looks at what follows.
        worker.postMessage(null)
        for (let i = 0; i < 10; i++) pending.push(t.throwsAsync(trainer.evaluate(), failed))
      },
      never,
    ),
    failed,
  )
  await Promise.all(pending)
  t.is(pending.length, 10)
  await isBeyondUse(t, trainer, worker)
})

test.serial('a worker that was ended from outside is told by whoever asks it', async t => {
  const { trainer, worker } = await trainerAndWorker(t)
  // Not in the middle of a step: that would take the whole process with it.
  await worker.terminate()
  await isBeyondUse(t, trainer, worker)
})

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
