import type { ParameterLayout } from '../../core/layout.ts'
import { type AdamWInit, adamw } from './adamw.ts'
import type { Optimizer } from './optimizer.ts'
import { type SgdInit, sgd } from './sgd.ts'

/** An optimizer as the run specification has it; `learningRate` is the peak that the schedule scales. */
export type OptimizerConfig =
  | ({ kind: 'adamw'; learningRate: number } & AdamWInit)
  | ({ kind: 'sgd'; learningRate: number } & SgdInit)

export function createOptimizer(config: OptimizerConfig, layout: ParameterLayout): Optimizer {
  return config.kind === 'adamw' ? adamw(layout, config) : sgd(config)
}
