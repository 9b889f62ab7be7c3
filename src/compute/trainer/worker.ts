import { parentPort, workerData } from 'node:worker_threads'
import { errorToData } from '../../core/errors.ts'
import { buildTrainer, type TrainerConfig } from './build-trainer.ts'
import type { StepReport, Trainer } from './trainer.ts'
import type { TrainerCalls, TrainerMessage, TrainerMethod, TrainerRequest } from './worker-protocol.ts'

/** Entry point of the trainer's thread: onnxruntime blocks it for whole steps, and nothing else lives here. */
const port = parentPort
if (port) {
  const post = (message: TrainerMessage) => port.postMessage(message)
  try {
    const trainer = await buildTrainer(workerData as TrainerConfig)
    const answer = responder(trainer, report => post({ type: 'step', report }))
    port.on('message', (request: TrainerRequest) => {
      answer(request).then(
        reply => post({ type: 'reply', id: request.id, reply }),
        (error: unknown) => post({ type: 'error', id: request.id, error: errorToData(error, 'TRAINER_FAILED') }),
      )
    })
    post({ type: 'ready', layout: trainer.layout, description: trainer.description })
  } catch (error) {
    post({ type: 'failed', error: errorToData(error, 'TRAINER_FAILED') })
  }
}

function responder(trainer: Trainer, onStep: (report: StepReport) => void) {
  let interrupt = new AbortController()
  return async ({ method, request }: TrainerRequest): Promise<TrainerCalls[TrainerMethod]['reply']> => {
    switch (method) {
      case 'run':
        interrupt = new AbortController()
        await trainer.run(request.until, onStep, interrupt.signal)
        return null
      case 'interrupt':
        interrupt.abort()
        return null
      case 'snapshot':
        return await trainer.snapshot(request.offset, request.into)
      case 'apply':
        return await trainer.apply(request.offset, request.delta, request.scale)
      case 'evaluate':
        return await trainer.evaluate()
      case 'save':
        return await trainer.save()
      case 'restore':
        await trainer.restore(request)
        return null
      case 'adopt':
        await trainer.adopt(request.parameters, request.step)
        return null
      case 'close':
        await trainer.close()
        return null
    }
  }
}
