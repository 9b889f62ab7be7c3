import { parentPort, workerData } from 'node:worker_threads'
import { type Arena, createArena } from '../../core/arena.ts'
import { errorToData, MurmurError } from '../../core/errors.ts'
import type { GradientReducer } from '../../core/parameters.ts'
import { buildTrainer } from './build-trainer.ts'
import type { StepReport, Trainer } from './trainer.ts'
import type {
  GradientReduced,
  TrainerCalls,
  TrainerCancellation,
  TrainerMessage,
  TrainerMethod,
  TrainerRequest,
  TrainerWorkerData,
} from './worker-protocol.ts'

/** Entry point of the trainer's thread: onnxruntime blocks it for whole steps, and nothing else lives here. */
const port = parentPort
if (port) {
  const post = (message: TrainerMessage) => port.postMessage(message)
  try {
    const cancel = new Map<TrainerCancellation['cancel'], AbortController>()
    const building = new AbortController()
    cancel.set('building', building)
    port.on('message', (message: TrainerRequest | TrainerCancellation | GradientReduced) => {
      if ('cancel' in message) {
        cancel.get(message.cancel)?.abort(new MurmurError({ code: 'CANCELLED', message: 'The caller gave up' }))
      }
    })
    const { config, memory } = workerData as TrainerWorkerData
    const arena = createArena(memory)
    const trainer = await buildTrainer(config, {
      arena,
      signal: building.signal,
      onTokenising: progress => post({ type: 'tokenising', progress }),
      onNotice: notice => post({ type: 'notice', notice }),
    })
    let reduced: PromiseWithResolvers<void> | undefined
    const answer = responder(trainer, arena, {
      onStep: report => post({ type: 'step', report }),
      reduceGradient: async (gradient, step) => {
        reduced = Promise.withResolvers()
        post({ type: 'reduce', step, gradient: arena.locate(gradient) })
        await reduced.promise
      },
    })
    port.on('message', (message: TrainerRequest | TrainerCancellation | GradientReduced) => {
      if ('cancel' in message) return
      if ('reduced' in message) {
        reduced?.resolve()
        return
      }
      const { id } = message
      const controller = new AbortController()
      cancel.set(id, controller)
      answer(message, controller.signal)
        .then(
          reply => post({ type: 'reply', id, reply }),
          (error: unknown) => post({ type: 'error', id, error: errorToData(error, 'TRAINER_FAILED') }),
        )
        .finally(() => cancel.delete(id))
    })
    post({ type: 'ready', layout: trainer.layout, description: trainer.description })
  } catch (error) {
    post({ type: 'failed', error: errorToData(error, 'TRAINER_FAILED') })
  }
}

interface StepHooks {
  onStep(report: StepReport): void
  reduceGradient: GradientReducer
}

function responder(trainer: Trainer, arena: Arena, { onStep, reduceGradient }: StepHooks) {
  return async (
    { method, request }: TrainerRequest,
    signal: AbortSignal,
  ): Promise<TrainerCalls[TrainerMethod]['reply']> => {
    switch (method) {
      case 'run':
        await trainer.run(request.until, onStep, signal, request.reducing ? reduceGradient : undefined)
        return null
      case 'snapshot':
        return await trainer.snapshot(request.offset, arena.at(request.into), signal)
      case 'apply':
        return await trainer.apply(request.offset, arena.at(request.delta), request.scale)
      case 'evaluate':
        return await trainer.evaluate(signal)
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
